/** Simulator, museum and chaos, each with the budget that fits into the tests. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const run = (
  script: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<{ status: number; out: string }> =>
  new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [fileURLToPath(new URL(`../${script}`, import.meta.url)), ...args],
      { env: { ...process.env, NODE_NO_WARNINGS: '1', ...env }, maxBuffer: 2 ** 26 },
      (_error, out, err) => resolve({ status: child.exitCode ?? -1, out: out + err }),
    );
  });
const MINUTE_MS = 60_000;
/** Some 30 s on two cores. */
const SEEDS = 80;
const CHAOS_SECONDS = '60';

test(
  'the simulator: no run is unclean, and everything happened that must sometimes happen',
  async () => {
    const { status, out } = await run('proof/simulator/simulate.ts', ['--seeds', String(SEEDS)]);
    expect(status, out).toBe(0);
    expect(out).toMatch(new RegExp(`seeds 1 to ${SEEDS}: \\d{5,} commands, 0 failures`));
  },
  4 * MINUTE_MS,
);

test('a seed is replayed exactly, with a trace', async () => {
  const once = await run('proof/simulator/simulate.ts', ['--seed', '7', '--writes', '200']);
  expect(once.status, once.out).toBe(0);
  expect(once.out).toMatch(/a switch is decided/);
  expect(await run('proof/simulator/simulate.ts', ['--seed', '7', '--writes', '200'])).toEqual(once);
});

test(
  'the museum: every planted fault is caught, and its page is up to date',
  async () => {
    const { status, out } = await run('proof/simulator/museum/run-all.ts', ['--check']);
    expect(status, out).toBe(0);
  },
  25 * MINUTE_MS,
);

test(
  'chaos: real processes killed, stopped and cut off, and a clean certificate',
  async () => {
    const { status, out } = await run('proof/chaos/main.ts', [], { CHAOS_SECONDS, RATE: '60' });
    expect(status, out).toBe(0);
    expect(out).toMatch(/acknowledged writes lost +0[^]*Clean: no violation/);
    expect(
      out.match(/^ +[1-9]\d* {2}(kill -9|.*SIGSTOP|the |Postgres|answers cut|a stranger|a backup)/gm),
    ).toHaveLength(18);
  },
  5 * MINUTE_MS,
);
