/** The commands of the README that measure work, small: what they find is for a quiet machine to say. */
import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, test } from 'vitest';
import type { BenchResult } from '../bench/result.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const RESULTS = join(ROOT, '.local', 'bench');
const MINUTE_MS = 60_000;

const run = (command: string, args: string[]): Promise<{ status: number; out: string; err: string }> =>
  new Promise((resolve) => {
    const child = execFile(command, args, { cwd: ROOT, maxBuffer: 2 ** 26 }, (_error, out, err) =>
      resolve({ status: child.exitCode ?? -1, out, err }),
    );
  });
const result = (file: string): unknown => JSON.parse(readFileSync(join(RESULTS, file), 'utf8'));

beforeEach(() => rmSync(RESULTS, { recursive: true, force: true }));

test(
  'a comparison prints its table, writes it as JSON, and is compared with what is recorded',
  async () => {
    const { status, out, err } = await run('make', ['bench-latest-read', 'ROUNDS=1', 'WARM_UP=1', 'CHECK=1']);
    expect(out, err).toMatch(/10 +no-cache read.*\n10 +no-cache read/);
    const { rows } = result('latest.json') as BenchResult;
    const names = new Set(rows.map(({ name }) => name));
    expect(names).toEqual(new Set(['latest-read-1', 'latest-read-16', 'latest-read-steps']));
    for (const { ours, bare, ratio } of rows) expect(ratio).toBeCloseTo(ours / bare, 5);
    // A machine that runs other tests decides which.
    expect(out).toMatch(status === 0 ? /nothing is worse/ : /worse than recorded/);
  },
  2 * MINUTE_MS,
);

test('what is not there to compare is a fault of usage, and so is a record of too few rounds', async () => {
  const bench = join(ROOT, 'bench/main.ts');
  for (const args of [['nothing'], ['--rounds', '0'], ['--warm-up', '-1']]) {
    const { status, err } = await run(process.execPath, [bench, ...args]);
    expect([status, err]).toEqual([2, expect.stringMatching(/there are hot-read-koa, /)]);
  }
  const { status, err } = await run(process.execPath, [bench, 'list', '--rounds', '1', '--record']);
  expect([status, err]).toEqual([2, expect.stringMatching(/at least 7 rounds/)]);
});

test(
  'the growth of cost is drawn',
  async () => {
    const { status, err } = await run('make', ['bench-growth', 'QUICK=1']);
    expect(status, err).toBe(0);
    const growth = result('growth.json') as { things: { shinyMb: number }[]; updaters: { rate: number }[] };
    for (const { shinyMb } of growth.things) expect(shinyMb).toBeGreaterThan(10);
    for (const { rate } of growth.updaters) expect(rate).toBeGreaterThan(10);
    for (const name of ['memory', 'time', 'updaters'])
      expect(readFileSync(join(RESULTS, `growth-${name}.svg`), 'utf8')).toMatch(/^<svg[^]*<\/svg>\s*$/);
  },
  4 * MINUTE_MS,
);
