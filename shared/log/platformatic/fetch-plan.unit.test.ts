import { expect, test } from 'vitest';
import { FETCH_WAIT_MS, planFetches, SHORT_FETCH_WAIT_MS, type TailCursor } from './fetch-plan.ts';

const cursor = (partition: number, change: Partial<TailCursor> = {}): TailCursor => ({
  topic: 't',
  partition,
  next: 0,
  topicId: 'id-t',
  state: 'idle',
  ...change,
});
/** Partition p is led by broker p mod 2. */
const TOPICS = new Map(
  ['t', 'u'].map((topic) => [
    topic,
    { id: `id-${topic}`, partitions: [0, 1, 0, 1].map((leader) => ({ leader })) },
  ]),
);
const asked = (cursors: readonly TailCursor[], busy: readonly number[] = []) =>
  Object.fromEntries(
    planFetches(cursors, TOPICS, new Set(busy)).fetches.map((fetch) => [
      fetch.node,
      fetch.cursors.map(({ topic, partition }) => `${topic}${partition}`),
    ]),
  );

test('one fetch at each broker, of the idle partitions that it leads, of all topics', () => {
  const cursors = [
    cursor(0),
    cursor(1, { state: 'reading' }),
    cursor(2, { state: 'fetching' }),
    cursor(3),
    cursor(2, { topic: 'u', topicId: 'id-u' }),
    cursor(0, { topic: 'u', topicId: 'id-u', state: 'failed' }),
  ];
  expect(asked(cursors)).toEqual({ 0: ['t0', 'u2'], 1: ['t3'] });
});

test('none at a broker that has one, and none without partitions', () => {
  expect(asked([cursor(0), cursor(1)], [0])).toEqual({ 1: ['t1'] });
  expect(asked([cursor(0, { state: 'reading' })])).toEqual({});
});

test('a fetch is short while a partition is with its reader', () => {
  const waits = (cursors: readonly TailCursor[]) =>
    planFetches(cursors, TOPICS, new Set()).fetches.map(({ waitMs }) => waitMs);
  expect(waits([cursor(0), cursor(1)])).toEqual([FETCH_WAIT_MS, FETCH_WAIT_MS]);
  expect(waits([cursor(0), cursor(1, { state: 'reading' })])).toEqual([SHORT_FETCH_WAIT_MS]);
});

test('a topic that is another one than at first is not read on', () => {
  const replaced = cursor(0, { topicId: 'id-before' });
  const plan = planFetches([replaced, cursor(1)], TOPICS, new Set());
  expect(plan.replaced).toEqual([replaced]);
  expect(plan.fetches.map(({ node }) => node)).toEqual([1]);
});
