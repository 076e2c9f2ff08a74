import { expect, test } from 'vitest';
import { percentile } from '../../shared/process/percentile.ts';
import { table } from '../../shared/process/text-table.ts';
import { createLoadStats, summaryLine } from './load-stats.ts';

test('counts what was said, and forgets it after the warm-up', () => {
  let now = 0;
  const stats = createLoadStats(() => now);
  const line = { call: 0, return: 1, client: 0, api: 'shiny', node: 'shiny', status: 409 } as const;
  stats.tried({ ...line, kind: 'update', outcome: 'conflict' });
  stats.tried({ ...line, kind: 'read', outcome: 'conflict' });
  stats.tried({ ...line, kind: 'update', outcome: 'unknown' });
  for (let ms = 1; ms <= 100; ms++) stats.ended(ms, ms !== 100);
  now = 2_000;
  expect(stats.moment()).toMatchObject({ operations: 100, perSecond: 50, p50: 50, p99: 99, max: 100 });
  expect(stats.moment().operations).toBe(0);
  expect(summaryLine(stats.total())).toMatch(/conflicts 1, unknown 1, refused 0, given up 1$/);
  stats.reset();
  expect(stats.total()).toMatchObject({ operations: 0, p99: 0, conflicts: 0 });
});

test('a percentile is a value that was there', () => {
  expect([percentile([], 0.5), percentile([7], 0.99), percentile([1, 2, 3, 4], 0.5)]).toEqual([0, 7, 2]);
});

test('a table lines up: numbers to the right, words to the left', () => {
  expect(
    table(
      ['n', 'word'],
      [
        [1, 'a'],
        [100, undefined],
      ],
    ),
  ).toEqual(['  n  word', '  1  a', '100']);
});
