import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { readSecretFile, secretFromFile } from './secret-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'migration-playground-secret-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const asItIs = (text: string): string => text;
const fileOf = (name: string, text: string, mode: number): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
};

test('a secret is drawn once, for its owner alone', () => {
  const path = join(folder, 'new', 'internal.secret');
  const first = secretFromFile(path, asItIs);
  expect(first).toMatch(/^[0-9a-f]{64}$/);
  expect(secretFromFile(path, asItIs)).toBe(first);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'new')).mode & 0o777).toBe(0o700);
  expect(secretFromFile(join(folder, 'other.secret'), asItIs)).not.toBe(first);
});

test('of processes that draw at once all get the same, and nothing is left over', async () => {
  const path = join(folder, 'race', 'internal.secret');
  const module = new URL('./secret-file.ts', import.meta.url).href;
  const code = `import { secretFromFile } from ${JSON.stringify(module)};
    process.umask(0o277);
    console.log(secretFromFile(${JSON.stringify(path)}, (text) => text));`;
  mkdirSync(join(folder, 'race'));
  const run = promisify(execFile);
  const drawn = await Promise.all(
    Array.from(
      { length: 6 },
      async () => (await run(process.execPath, ['--input-type=module', '-e', code])).stdout,
    ),
  );
  expect(drawn[0]).toMatch(/^[0-9a-f]{64}\n$/);
  expect(new Set(drawn).size).toBe(1);
  expect(readdirSync(join(folder, 'race'))).toEqual(['internal.secret']);
});

test.each([0o644, 0o640, 0o660, 0o604, 0o700])('a file that others may use is refused: %o', (mode) => {
  const path = fileOf(`mode-${mode}`, 'do-not-show-this', mode);
  for (const read of [readSecretFile, secretFromFile]) {
    expect(() => read(path, asItIs)).toThrow(/mode-.* has mode 0\d{3}: a secret must have 0600/);
    expect(() => read(path, asItIs)).not.toThrow(/do-not-show-this/);
  }
  expect(statSync(path).mode & 0o777).toBe(mode);
});

test('what holds no secret is refused, by its name alone', () => {
  const path = fileOf('bad', 'do-not-show-this\n', 0o600);
  const parse = (): string => {
    throw new Error('something else');
  };
  expect(() => secretFromFile(path, parse)).toThrow(`${path} holds no secret: expected something else`);
  expect(readSecretFile(path, asItIs)).toBe('do-not-show-this');
  expect(() => secretFromFile(folder, asItIs)).toThrow(/holds no secret/);
  expect(() => readSecretFile(join(folder, 'none'), asItIs)).toThrow(/none cannot be read: ENOENT/);
});
