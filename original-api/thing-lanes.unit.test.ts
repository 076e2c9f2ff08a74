import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { systemTime } from '../shared/process/time.ts';
import { createThingLanes, LANE_MAX_WRITES } from './thing-lanes.ts';

const WAIT_MS = 60_000;

test('writes of one Thing take turns in their order, and those of others do not wait for them', async () => {
  const lanes = createThingLanes(systemTime);
  const { promise: locked, resolve: unlock } = Promise.withResolvers<void>();
  const begun: number[] = [];
  const writes = Array.from({ length: LANE_MAX_WRITES + 3 }, (_, index) =>
    lanes.run(1, WAIT_MS, async () => {
      begun.push(index);
      await locked;
      return index;
    }),
  );
  expect(await lanes.run(2, WAIT_MS, () => Promise.resolve('other'))).toBe('other');
  expect(begun).toHaveLength(LANE_MAX_WRITES);
  unlock();
  expect(await Promise.all(writes)).toEqual(writes.map((_, index) => index));
  expect(begun).toEqual(writes.map((_, index) => index));
});

test('a write whose turn does not come is never begun, and a failed one gives its place to the next', async () => {
  const lanes = createThingLanes(systemTime);
  const { promise: locked, reject: fail } = Promise.withResolvers<void>();
  const first = Array.from({ length: LANE_MAX_WRITES }, () => lanes.run(1, WAIT_MS, () => locked));
  const ended = Promise.allSettled(first);
  let isBegun = false;
  const late = lanes.run(1, 1, () => {
    isBegun = true;
    return Promise.resolve('late');
  });
  expect(await late).toBeUndefined();
  const next = lanes.run(1, WAIT_MS, () => Promise.resolve('next'));
  fail(new Error('refused'));
  expect(await next).toBe('next');
  expect((await ended).map(({ status }) => status)).toEqual(first.map(() => 'rejected'));
  await sleep(5);
  expect(isBegun).toBe(false);
});
