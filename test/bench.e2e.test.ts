/** The benchmarks run, small: what they find is for `make bench` on a quiet machine to say. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BenchResult } from '../bench/result.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const MINUTE_MS = 60_000;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migration-playground-bench-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const bench = (
  script: string,
  args: readonly string[],
): Promise<{ status: number; out: string; err: string }> =>
  new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(ROOT, script), ...args],
      { cwd: folder, maxBuffer: 2 ** 26 },
      (_error, out, err) => resolve({ status: child.exitCode ?? -1, out, err }),
    );
  });

test(
  'a comparison prints its table, writes it as JSON, and is compared with what is recorded',
  async () => {
    const json = join(folder, 'result.json');
    const args = ['latest-read', '--rounds', '1', '--warm-up', '1', '--json', json, '--check'];
    const { status, out, err } = await bench('bench/main.ts', args);
    expect(out, err).toMatch(/10 +no-cache read.*\n10 +no-cache read/);
    const { rows } = JSON.parse(readFileSync(json, 'utf8')) as BenchResult;
    expect(new Set(rows.map(({ name }) => name))).toEqual(
      new Set(['latest-read-1', 'latest-read-16', 'latest-read-steps']),
    );
    for (const { ours, bare, ratio } of rows) expect(ratio).toBeCloseTo(ours / bare, 5);
    // A machine that runs other tests decides which.
    expect(out).toMatch(status === 0 ? /nothing is worse/ : /worse than recorded/);
  },
  2 * MINUTE_MS,
);

test('what is not there to compare is a fault of usage', async () => {
  for (const args of [['nothing'], ['--rounds', '0'], ['--warm-up', '-1']]) {
    const { status, err } = await bench('bench/main.ts', args);
    expect([status, err]).toEqual([2, expect.stringMatching(/there are hot-read-koa, /)]);
  }
});

test(
  'the growth of cost is drawn',
  async () => {
    const { status, err } = await bench('bench/growth/main.ts', ['--quick']);
    expect(status, err).toBe(0);
    const growth = JSON.parse(readFileSync(join(folder, '.local/bench/growth.json'), 'utf8')) as {
      things: { shinyMb: number }[];
      updaters: { rate: number }[];
    };
    for (const { shinyMb } of growth.things) expect(shinyMb).toBeGreaterThan(10);
    for (const { rate } of growth.updaters) expect(rate).toBeGreaterThan(10);
    for (const name of ['memory', 'time', 'updaters'])
      expect(readFileSync(join(folder, `.local/bench/growth-${name}.svg`), 'utf8')).toMatch(
        /^<svg[^]*<\/svg>\s*$/,
      );
  },
  3 * MINUTE_MS,
);
