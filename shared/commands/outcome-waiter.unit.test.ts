import { expect, test } from 'vitest';
import { acceptedCreate, create } from '../../test/outcome-log.ts';
import { refused } from '../domain/answer.ts';
import { createOutcomeWaiter } from './outcome-waiter.ts';

const ACCEPTED = acceptedCreate('c', 1);
const REUSED = refused(create('c', 'other'), { code: 'reused' });

test('the outcome may be read before or after the offset is known', async () => {
  const waiter = createOutcomeWaiter();
  const early = waiter.expect(0, 'c');
  waiter.decided(0, 7, ACCEPTED);
  expect(await early.at(7)).toBe(ACCEPTED);
  const late = waiter.expect(0, 'c');
  const waiting = late.at(8);
  waiter.decided(0, 8, ACCEPTED);
  expect(await waiting).toBe(ACCEPTED);
});

test('each waits for its own record: the same id elsewhere in the log is not its answer', async () => {
  const waiter = createOutcomeWaiter();
  const [first, second] = [waiter.expect(0, 'c'), waiter.expect(0, 'c')];
  const [firstAnswer, secondAnswer] = [first.at(1), second.at(2)];
  waiter.decided(1, 1, REUSED);
  waiter.decided(0, 2, REUSED);
  waiter.decided(0, 1, ACCEPTED);
  expect(await Promise.all([firstAnswer, secondAnswer])).toEqual([ACCEPTED, REUSED]);
});

test('who has gone is forgotten', () => {
  const waiter = createOutcomeWaiter();
  const [one, other] = [waiter.expect(0, 'c'), waiter.expect(0, 'c')];
  one.cancel();
  expect(waiter.size()).toBe(1);
  other.cancel();
  expect(waiter.size()).toBe(0);
  waiter.decided(0, 1, ACCEPTED);
});
