/** The `playground` command as a user types it. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Certificate } from '../checker/certificate.ts';
import { startPlayground, type Playground } from './playground.ts';

const MAIN = fileURLToPath(new URL('../scripts/playground/main.ts', import.meta.url));
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
const playground = (...args: string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const env = { ...on.env, ORIGINAL_URL: on.original, SHINY_URL: on.shiny, UPDATER_URL: on.updater };
    const child = execFile(
      process.execPath,
      [MAIN, ...args],
      { env, maxBuffer: 2 ** 26 },
      (_error, out, err) => resolve({ status: child.exitCode ?? -1, out, err }),
    );
  });

test('master shows who owns what, as a table and as JSON', async () => {
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
  expect(skipped.out).toContain('shiny owns the partition already');
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
