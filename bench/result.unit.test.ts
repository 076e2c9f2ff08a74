import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { format, resolveConfig } from 'prettier';
import type { Comparison } from './kit/comparison.ts';
import { COMPARISONS } from './comparisons.ts';
import { withTable } from './report.ts';
import { resultRows, worseRows, type BenchResult, type ResultRow } from './result.ts';
import { quantile, ratiosOf, runRounds } from './kit/rounds.ts';

const comparison = (measures: Comparison['measures']): Comparison => ({
  name: 'test',
  row: 1,
  ours: 'ours',
  bare: 'bare',
  measures,
  open: async () => {
    throw new Error('is not opened');
  },
});
const ratio = (
  value: number,
  ours = 10,
): Map<string, { ours: number; bare: number; ratio: number; spread: number }> =>
  new Map([['m', { ours, bare: ours / value, ratio: value, spread: 0.1 }]]);

test('a quantile lies between the values', () => {
  expect([quantile([3, 1, 2], 0.5), quantile([1, 2], 0.5), quantile([1, 2, 3, 4, 5], 0.25)]).toEqual([
    2, 1.5, 2,
  ]);
});

test('the ratio is the median of the ratios in each round, and its spread the distance of their quartiles', () => {
  const ours = [1, 2, 3, 4, 5].map((m) => ({ m }));
  const bare = [1, 1, 1, 1, 1].map((m) => ({ m }));
  expect(ratiosOf(ours, bare).get('m')).toEqual({ ours: 3, bare: 1, ratio: 3, spread: 2 });
});

test('rounds alternate who is first, and the first round does not count', async () => {
  const order: string[] = [];
  const side = (name: string) => async () => {
    order.push(name);
    return { m: order.length <= 2 ? 1_000 : 1 };
  };
  const ratios = await runRounds({ ours: side('o'), bare: side('b') }, 3, () => undefined);
  expect(order.join('')).toBe('boobboob');
  expect(ratios.get('m')).toEqual({ ours: 1, bare: 1, ratio: 1, spread: 0 });
});

test('a target is on the ratio, a limit on our own figure; both must hold', () => {
  const met = (measure: Partial<Comparison['measures'][number]>, value: number, ours: number) =>
    resultRows(comparison([{ name: 'm', unit: 'ms', ...measure }]), ratio(value, ours))[0]!.met;
  expect(met({ target: { atMost: 1.4 } }, 1.3, 10)).toBe(true);
  expect(met({ target: { atMost: 1.4 } }, 1.5, 10)).toBe(false);
  expect(met({ target: { atLeast: 0.5 }, limit: { atLeast: 3_000 } }, 0.6, 2_000)).toBe(false);
  expect(met({ limit: { atMost: 50 } }, 9, 10)).toBe(true);
  expect(met({}, 9, 10)).toBeUndefined();
});

test('worse is what is worse than recorded by more than both spreads', () => {
  const row = (value: number, unit: 'ms' | 'per s', spread = 0.1): ResultRow => ({
    ...resultRows(comparison([{ name: 'm', unit, target: { atMost: 9 } }]), ratio(value))[0]!,
    spread,
  });
  expect(worseRows([row(1, 'ms')], [row(1.19, 'ms')])).toEqual([]);
  expect(worseRows([row(1, 'ms')], [row(1.21, 'ms')])).toHaveLength(1);
  expect(worseRows([row(1, 'ms')], [row(0.2, 'ms')])).toEqual([]);
  expect(worseRows([row(1, 'per s')], [row(0.79, 'per s')])).toHaveLength(1);
  expect(worseRows([row(1, 'per s')], [row(3, 'per s')])).toEqual([]);
  expect(worseRows([], [row(9, 'ms')])).toEqual([]);
});

test('a limit is judged alone, whatever the bare program does', () => {
  const row = (ours: number) =>
    resultRows(comparison([{ name: 'm', unit: 'MB', limit: { atMost: 32 } }]), ratio(Infinity, ours))[0]!;
  expect(row(9)).toMatchObject({ ratio: null, spread: null, met: true });
  expect(worseRows([row(9)], [row(31)])).toEqual([]);
  expect(worseRows([row(9)], [row(33)])).toHaveLength(1);
  expect(worseRows([row(33)], [row(34)])).toEqual([]);
});

test('the README shows what is recorded, and each comparison is recorded', async () => {
  const file = new URL('../README.md', import.meta.url);
  const page = readFileSync(file, 'utf8');
  const result = JSON.parse(readFileSync(new URL('recorded.json', import.meta.url), 'utf8')) as BenchResult;
  const options = { ...(await resolveConfig(file)), filepath: file.pathname };
  expect(page).toBe(await format(withTable(page, result), options));
  expect([...new Set(result.rows.map(({ name }) => name))]).toEqual(COMPARISONS.map(({ name }) => name));
});

test('no bare program has more than 60 lines', () => {
  const names = readdirSync(new URL('bare', import.meta.url));
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) {
    const lines = readFileSync(new URL(`bare/${name}`, import.meta.url), 'utf8').split('\n').length - 1;
    expect(lines, name).toBeLessThanOrEqual(60);
  }
});
