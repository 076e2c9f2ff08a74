import { expect, test } from 'vitest';
import { emptyHeader } from '../../shared/domain/partition-state.ts';
import { askFeedEnds, relayBlockedBy } from './relay-lag.ts';
import { SWITCH_LAG_MAX_RECORDS } from './switch-decision.ts';

const ROW = { master: 'original', epoch: 0, refusedReason: null, unpublished: 0, mirrorNext: 0 } as const;
const header = { ...emptyHeader(1), feedPosition: 4 };

test('P13: what was published must be observed, but for the lag that is allowed', () => {
  expect(relayBlockedBy([0, 5 + SWITCH_LAG_MAX_RECORDS], header, ROW)).toBeUndefined();
  expect(relayBlockedBy([0, 6 + SWITCH_LAG_MAX_RECORDS], header, ROW)).toBe(
    `${SWITCH_LAG_MAX_RECORDS + 1} entries of the feed are not observed`,
  );
});

test('a relay that does not publish names the oldest transaction', async () => {
  const refused = { feedEnds: () => Promise.reject(new Error('the outbox is not published yet')) };
  const ends = await askFeedEnds(refused, 100);
  expect(relayBlockedBy(ends, header, ROW)).toBe('the relay did not publish the outbox');
  const oldestTransaction = 'a transaction is open since noon: pid 7 in database x';
  expect(relayBlockedBy(ends, header, { ...ROW, oldestTransaction })).toBe(
    `the relay did not publish the outbox (${oldestTransaction})`,
  );
});

test('it is never asked to wait longer than Original waits, nor less than not at all', async () => {
  const asked: (number | undefined)[] = [];
  const original = {
    feedEnds: async (waitMs?: number) => {
      asked.push(waitMs);
      return [0, 0];
    },
  };
  for (const waitMs of [-5, 700, 1_000_000]) await askFeedEnds(original, waitMs);
  expect(asked).toEqual([0, 700, 10_000]);
});
