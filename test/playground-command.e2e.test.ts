/** The `playground` command as a user types it. */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Certificate } from '../proof/checker/certificate.ts';
import { startPlayground, type Playground } from './playground.ts';

const COMMAND = fileURLToPath(new URL('../playground', import.meta.url));
const PROVE_MAX_MS = 120_000;

let on: Playground;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'migration-playground-command-'));
  on = await startPlayground({ master: 'original', stack: inject('stack') });
});
afterAll(async () => {
  await on.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}
const playground = (...args: string[]): Promise<Ended> => run(COMMAND, args);
const run = (command: string, args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const env = { ...on.env, ORIGINAL_URL: on.original, SHINY_URL: on.shiny, UPDATER_URL: on.updater };
    const child = execFile(command, args, { env, cwd: folder, maxBuffer: 2 ** 26 }, (_error, out, err) =>
      resolve({ status: child.exitCode ?? -1, out, err }),
    );
  });

test('master shows who is master, as a table and as JSON', async () => {
  const shown = await playground('master');
  expect(shown).toMatchObject({ status: 0, err: '' });
  expect(shown.out).toMatch(/partition +master +epoch/);
  expect(shown.out.match(/original/g)).toHaveLength(12);
  const json = JSON.parse((await playground('master', '--json')).out) as { partitions: unknown[] };
  expect(json.partitions).toHaveLength(12);
});

test('master switch: a dry run, a canary, the rest, one that does not fit, and faults of usage', async () => {
  const dry = await playground('master', 'switch', '--to', 'shiny', '--partitions', '0,3-5', '--dry-run');
  expect([dry.status, dry.err]).toEqual([0, '']);
  expect(dry.out.match(/switch /g)).toHaveLength(4);
  expect((await playground('master')).out).not.toContain('shiny');

  const canary = await playground('master', 'switch', '--to', 'shiny', '--partitions', '3', '--yes');
  expect([canary.status, canary.err]).toEqual([0, '']);
  expect(canary.out).toMatch(
    /1 of 1 switched; pause p50 \d+ ms, max \d+ ms; \d+ commands waited, refused writes: 0/,
  );
  const rest = await playground('master', 'switch', '--to', 'shiny', '--yes', '--json');
  expect((JSON.parse(rest.out) as { partitions: unknown[] }).partitions).toHaveLength(11);
  const skipped = await playground('master', 'switch', '--to', 'shiny', '--partitions', '3', '--yes');
  expect(skipped.status).toBe(1);
  expect(skipped.out).toContain('shiny is master of the partition already');
  const back = await playground('master', 'switch', '--to', 'original', '--deadline', '10s', '--yes');
  expect(back.status).toBe(0);

  for (const [args, message] of [
    [['master', 'switch', '--to', 'nobody', '--yes'], /--to is original or shiny/],
    [['master', 'switch', '--to', 'shiny', '--partitions', '5-3', '--yes'], /--partitions takes a list/],
    [['master', 'switch', '--to', 'shiny', '--partitions', '99', '--yes'], /12 partitions/],
    [['master', 'switch', '--to', 'shiny', '--deadline', 'soon', '--yes'], /a duration is such as/],
    [['master', 'switch', '--to', 'shiny'], /--yes or --dry-run/],
    [['master', 'switch'], /--to <master>/],
    [['no-such-command'], /unknown command/],
  ] as const) {
    const { status, err } = await playground(...args);
    expect([status, err]).toEqual([2, expect.stringMatching(message)]);
  }
  const away = await playground('master', '--updater-url', 'http://127.0.0.1:1');
  expect([away.status, away.err]).toEqual([1, expect.stringMatching(/the updater at .* does not answer/)]);
});

test('load writes a history, check finds it clean, and a planted fault is found', async () => {
  const file = join(folder, 'history.jsonl');
  const loaded = await playground('load', '--rate', '100', '--for', '3s', '--things', '20', '--record', file);
  expect([loaded.status, loaded.err]).toEqual([0, '']);
  expect(loaded.out).toMatch(/operations in [\d.]+ s .* unknown 0, refused 0/);
  const checked = await playground('check', file);
  expect([checked.status, checked.err]).toEqual([0, '']);
  expect(checked.out).toMatch(/acknowledged writes lost +0[^]*both stores equal the log +yes[^]*Clean/);

  // An acknowledged update whose version the log does not hold.
  const lines = readFileSync(file, 'utf8').split('\n');
  const at = lines.findIndex(
    (line) => line.includes('"kind":"update"') && line.includes('"outcome":"accepted"'),
  );
  lines[at] = lines[at]!.replace(/("thing":\{.*"version":)(\d+)/, '$1999');
  writeFileSync(file, lines.join('\n'));
  const tampered = await playground('check', file, '--json');
  expect(tampered.status).toBe(1);
  const certificate = JSON.parse(tampered.out) as Certificate;
  expect(certificate.clean).toBe(false);
  expect(certificate.violations[0]?.excerpt.length).toBeGreaterThan(0);

  writeFileSync(file, 'nonsense\n');
  expect(await playground('check', file)).toMatchObject({
    status: 3,
    err: expect.stringMatching(/line 1 is not JSON/),
  });
});

test(
  'prove: switches to and fro under load, nothing lost, nothing refused',
  async () => {
    const proof = await playground('prove', '--switches', '24', '--rate', '150', '--warm-up', '1s');
    expect([proof.status, proof.err], proof.out).toEqual([0, '']);
    expect(proof.out).toMatch(/to shiny +\d+ +0 +\d+ +\d+ +\d+[^]*to original +\d+ +0/);
    expect(proof.out).toMatch(/proven: all switched, 0 refused, 0 lost, both stores equal/);
  },
  PROVE_MAX_MS,
);

test('usage is checked before anything is asked or written, and with --json a fault is JSON', async () => {
  const nobody = ['--updater-url', 'http://127.0.0.1:1', '--original-url', 'http://127.0.0.1:1'];
  const nowhere = join(folder, 'nowhere', 'x');
  for (const [args, message] of [
    [['load', '--rate', 'x'], /'--rate <number>'.*a number above 0, not x/],
    [['load', '--clients', '1.5'], /a whole number/],
    [['load', '--for', 'soon'], /a duration is such as/],
    [['load', '--record', nowhere], /nowhere\/x cannot be made: there is no such folder/],
    [['load', '--record', folder], /is a folder, not a file/],
    [['prove', '--keep', nowhere], /nowhere\/x cannot be made/],
    [['prove', '--switches', '-1'], /a whole number|a number above 0/],
    [['prove', '--warm-up', '5'], /a duration is such as/],
    [['master', '--shiny-url', 'x'], /a URL that begins with/],
  ] as const) {
    const { status, out, err } = await playground(...args, ...nobody);
    expect([status, out, err]).toEqual([2, '', expect.stringMatching(message)]);
    const json = await playground(...args, ...nobody, '--json');
    expect([json.status, json.err]).toEqual([2, '']);
    expect(JSON.parse(json.out)).toEqual({
      'error-message': expect.stringMatching(message),
      'exit-status': 2,
    });
  }
  const away = await playground('master', '--json', ...nobody);
  expect([away.status, away.err]).toEqual([1, '']);
  expect(JSON.parse(away.out)).toMatchObject({ 'error-message': expect.stringMatching(/does not answer/) });
  expect(await playground('check', nowhere)).toMatchObject({
    status: 3,
    err: expect.stringMatching(/^playground: .*no such folder\n$/),
  });
});

test('a history that cannot be written ends the load, as not known, with a sentence', async () => {
  const { status, out, err } = await playground('load', '--for', '60s', '--record', '/dev/full');
  expect([status, out]).toEqual([3, '']);
  expect(err).toMatch(/the history is not whole: the disk that holds \/dev\/full is full/);
  const proof = await playground('prove', '--keep', '/dev/full', '--switches', '5000', '--warm-up', '1s');
  expect(proof).toMatchObject({ status: 3, err: expect.stringMatching(/the history is not whole/) });
});

test('it runs from anywhere, through a link, and says what to do when nothing is installed', async () => {
  const link = join(folder, 'link');
  symlinkSync(COMMAND, link);
  const json = JSON.parse((await run(link, ['master', '--json'])).out) as { namespace: string };
  expect(json.namespace).toBe(on.namespace);
  const elsewhere = join(folder, 'playground');
  copyFileSync(COMMAND, elsewhere);
  expect(await run(elsewhere, ['master'])).toMatchObject({
    status: 2,
    out: '',
    err: expect.stringMatching(/nothing is installed in .* yet: run `make install` there/),
  });
});

test(
  'prove ends, as not known, when the updater goes on answering 503',
  async () => {
    let asked = 0;
    const mastership = await (await fetch(`${on.updater}/api/mastership`)).text();
    const updater = createServer((request, response) => {
      request.resume();
      response.writeHead(asked++ === 0 ? 200 : 503, { 'content-type': 'application/json' });
      response.end(asked === 1 ? mastership : '{"error-message": "not ready: it reads"}');
    });
    const { promise: listening, resolve } = Promise.withResolvers<void>();
    updater.listen(0, '127.0.0.1', resolve);
    await listening;
    const { port } = updater.address() as AddressInfo;
    const options = ['--switches', '3', '--warm-up', '100ms', '--updater-url', `http://127.0.0.1:${port}`];
    const ended = await playground('prove', ...options);
    expect([ended.status, ended.err]).toEqual([
      3,
      'playground: the updater did not help for 30000 ms: not ready: it reads\n',
    ]);
    expect(ended.out).toMatch(/not proven: it was given up/);
    const again = await playground('prove', ...options, '--json');
    expect([again.status, again.err]).toEqual([3, '']);
    expect(JSON.parse(again.out)).toEqual({ 'error-message': 'not ready: it reads', 'exit-status': 3 });
    updater.close();
  },
  PROVE_MAX_MS,
);
