import { describe, expect, test } from 'vitest';
import { emptyHeader, type PartitionHeader } from '../shared/domain/partition-state.ts';
import { silentLogger } from '../shared/process/logger.ts';
import { createVirtualTime } from '../proof/simulator/virtual-time.ts';
import type { PartitionFacts } from './store/thing-store.ts';
import { lostFeedFault, setBackFault, startStoreWatch } from './store-watch.ts';

const facts = (change: Partial<PartitionFacts> = {}): PartitionFacts => ({
  partition: 0,
  master: 'original',
  epoch: 0,
  removed: 0,
  waiting: 0,
  waitingMs: 0,
  mirrored: 0,
  ...change,
});
const header = (change: Partial<PartitionHeader> = {}): PartitionHeader => ({ ...emptyHeader(0), ...change });

describe('a database that was set back', () => {
  test('given as many entries as the log has, published or waiting, then it is not', () => {
    expect(setBackFault(header({ entryNumber: 3 }), facts({ removed: 2, waiting: 1 }))).toBeUndefined();
    expect(setBackFault(header(), facts({ removed: 2 }))).toBeUndefined();
  });
  test('given fewer entries than the log has, or an earlier epoch, then it is', () => {
    expect(setBackFault(header({ entryNumber: 3 }), facts({ removed: 2 }))).toMatch(
      /3 entries .* given 2: it was set back/,
    );
    expect(setBackFault(header({ epoch: 2 }), facts({ epoch: 1 }))).toMatch(/epoch 1, and the log at 2/);
  });
});

describe('a feed that lost entries', () => {
  const noted = { removed: 5, feedEnd: 10 };
  test('given that the feed is not observed to its end, then nobody can tell', () =>
    expect(lostFeedFault(header({ feedPosition: 8, entryNumber: 4 }), noted)).toBeUndefined());
  test('given that it is, then every entry that was published must be in the log', () => {
    expect(lostFeedFault(header({ feedPosition: 9, entryNumber: 5 }), noted)).toBeUndefined();
    expect(lostFeedFault(header({ feedPosition: 9, entryNumber: 4 }), noted)).toMatch(
      /5 entries .* the feed has 4/,
    );
  });
});

test('a fault stays, whatever the store says later; a store that does not answer changes nothing', async () => {
  const time = createVirtualTime();
  let present: PartitionFacts = facts({ removed: 2 });
  let answers = true;
  const watch = await startStoreWatch({
    store: {
      partitionFacts: async () => {
        if (!answers) throw new Error('away');
        return [present];
      },
      missing: async () => [],
    },
    partitions: 1,
    onFacts: async () => undefined,
    recent: () => [],
    headers: () => [header({ entryNumber: 2, feedPosition: 1 })],
    stored: () => [0],
    feedEnds: async () => [2],
    logger: silentLogger(),
    time,
  });
  expect(watch.fault(0)).toBeUndefined();
  present = facts({ removed: 1 });
  await time.run(() => watch.fault(0) !== undefined, 5_000);
  const since = watch.fault(0)!.since;
  answers = false;
  await time.run(() => false, 5_000);
  expect(watch.fault(0)).toMatchObject({ since, reason: expect.stringMatching(/set back/) as string });
  // What is written on top of it hides it.
  [answers, present] = [true, facts({ removed: 9 })];
  await time.run(() => false, 5_000);
  expect(watch.fault(0)).toMatchObject({ since });
  watch.stop();
});

test('entries that are lost behind others that were on the way when it looked are found', async () => {
  const time = createVirtualTime();
  let removed = 3;
  let entryNumber = 2;
  const watch = await startStoreWatch({
    store: { partitionFacts: async () => [facts({ removed })], missing: async () => [] },
    partitions: 1,
    onFacts: async () => undefined,
    recent: () => [],
    headers: () => [header({ entryNumber, feedPosition: entryNumber - 1 })],
    stored: () => [0],
    // Those behind the third were acknowledged by the broker, and are gone.
    feedEnds: async () => [3],
    logger: silentLogger(),
    time,
  });
  await time.run(() => false, 2_000);
  expect(watch.fault(0)).toBeUndefined();
  [removed, entryNumber] = [7, 3];
  await time.run(() => watch.fault(0) !== undefined, 10_000);
  expect(watch.fault(0)?.reason).toMatch(/7 entries .* the feed has 3: it was lost or cut/);
  watch.stop();
});
