import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MARK_FILE } from '../shared/process/own-folder.ts';
import { cleanFolder } from './clean-folder.ts';
import { startGuarded } from './stack/guarded-process.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'clean-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const OWN_FOLDER = fileURLToPath(new URL('../shared/process/own-folder.ts', import.meta.url));
/** As another process, since a folder that is taken is in use. */
const marked = (name: string, kind: string): string => {
  const folder = join(root, name);
  const script = `(await import(${JSON.stringify(OWN_FOLDER)})).takeFolder(${JSON.stringify(folder)}, '${kind}')`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script]);
  return folder;
};
const fill = (...files: string[]): void => {
  for (const file of files) {
    mkdirSync(join(root, file, '..'), { recursive: true });
    writeFileSync(join(root, file), 'x');
  }
};

test('a folder without our mark is left as it is', () => {
  fill('precious/photos/one.jpg', 'precious/playground/shiny-api/fold.lmdb');
  expect(cleanFolder(join(root, 'precious'), 'data')).toMatchObject({
    refused: true,
    lines: [expect.stringMatching(/left as it is: it has no mark of ours/)],
  });
  expect(existsSync(join(root, 'precious/playground/shiny-api/fold.lmdb'))).toBe(true);
});

test('of a folder with our mark, only what is ours is wiped', () => {
  const data = marked('data', 'data');
  fill('data/mine/shiny-api/fold.lmdb', 'data/mine/updater/fold.lmdb', 'data/mine/notes.txt');
  fill('data/photos/updater/one.jpg', 'data/two/updater/fold.lmdb', 'elsewhere/updater/fold.lmdb');
  symlinkSync(join(root, 'elsewhere'), join(data, 'link'));
  const { lines, refused } = cleanFolder(data, 'data');
  expect(refused).toBe(false);
  expect(lines.join()).toMatch(
    /wiped mine\/shiny-api, mine\/updater, two\/updater; left: link, mine, photos$/,
  );
  expect(readdirSync(join(data, 'mine'))).toEqual(['notes.txt']);
  expect(existsSync(join(root, 'elsewhere/updater/fold.lmdb'))).toBe(true);
  expect(existsSync(join(data, MARK_FILE))).toBe(true);

  const stack = marked('stack', 'stack');
  fill(
    'stack/postgres/PG_VERSION',
    'stack/kafka/log/x',
    'stack/logs/kafka.log',
    'stack/env',
    'stack/postgres.password',
  );
  fill('stack/postgres.new-12/x', 'stack/postgres.new-12.password');
  expect(cleanFolder(stack, 'stack').refused).toBe(false);
  expect(existsSync(stack)).toBe(false);
  expect(cleanFolder(stack, 'stack')).toEqual({ lines: [`${stack}: not there`], refused: false });
});

test('the mark of another kind does not count', () => {
  const stack = marked('stack', 'stack');
  fill('stack/mine/updater/fold.lmdb');
  expect(cleanFolder(stack, 'data').refused).toBe(true);
});

test('what is in use is left, and who uses it is named', async () => {
  const data = marked('data', 'data');
  fill('data/mine/updater/fold.lmdb');
  const opened = Promise.withResolvers<void>();
  const user = startGuarded({
    command: 'sh',
    args: ['-c', `exec 4<${join(data, MARK_FILE)}; echo open; exec sleep 30`],
    stopSignal: 'TERM',
    onLine: () => opened.resolve(),
  });
  await opened.promise;
  const pid = await user.pid;
  expect(cleanFolder(data, 'data')).toMatchObject({
    refused: true,
    lines: [expect.stringMatching(new RegExp(`in use, by process ${pid} \\(.*\\): end it first`))],
  });
  expect(existsSync(join(data, 'mine/updater/fold.lmdb'))).toBe(true);
  await user.stop(5_000);
  expect(cleanFolder(data, 'data').refused).toBe(false);
  expect(existsSync(data)).toBe(false);
});
