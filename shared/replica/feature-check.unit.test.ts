/** Who folds ends at a feature that it does not know, and does not begin behind one. */
import { expect, test } from 'vitest';
import { memoryThingStore } from '../../original-api/store/memory-thing-store.ts';
import { startMirror } from '../../original-api/mirror.ts';
import { genesis, NOW, PARTITIONS, record } from '../../test/outcome-log.ts';
import { createRecordCodec } from '../records/record-codec.ts';
import { memorySchemaRegistry } from '../records/schema-registry.ts';
import { createOutcomeWaiter } from '../commands/outcome-waiter.ts';
import { accepted } from '../domain/answer.ts';
import { enableHash, type EnableCommand } from '../domain/command.ts';
import { fold, linkAfter } from '../domain/fold.ts';
import type { Outcome } from '../domain/outcome.ts';
import { emptyState } from '../domain/partition-state.ts';
import { createMemoryLog } from '../log/memory-log.ts';
import { createNamespace } from '../records/namespace.ts';
import { topicName } from '../records/topics.ts';
import { silentLogger } from '../process/logger.ts';
import { createMetrics } from '../process/metrics.ts';
import { StartError } from '../process/lifecycle.ts';
import { systemTime } from '../process/time.ts';
import { createMemoryFoldStore } from './memory-fold-store.ts';
import { createOutcomeFollower } from './outcome-follower.ts';

const SENTENCE =
  /^feature colour is enabled at outcomes\/0 .*offset 1, this release does not know it: update it$/;
const ENABLE: EnableCommand = {
  type: 'enable',
  commandId: 'k',
  requestedOn: NOW,
  payloadHash: enableHash('colour'),
  feature: 'colour',
};

const logWithFeature = async () => {
  const codec = await createRecordCodec(memorySchemaRegistry(), 'x');
  const log = createMemoryLog();
  const { id } = await createNamespace(log, codec, {
    namespace: 'x',
    partitions: PARTITIONS,
    master: 'original',
    id: 'g',
    now: NOW,
  });
  const state = emptyState(0);
  const first: Outcome = { ...genesis('original'), id };
  const bytes = codec.chainBytes(codec.encode(first));
  fold(state, { ...record(first), bytes });
  const decided: Outcome = {
    type: 'decided',
    ...linkAfter(state.header),
    epoch: 0,
    offset: 0,
    ...accepted(ENABLE, null),
    feature: 'colour',
  };
  const value = codec.encode(decided);
  await log.append(topicName('x', 'things.outcomes'), { partition: 0, key: '', value, timestamp: NOW });
  return { codec, log, first, records: [first, decided].map((one) => codec.encode(one)) };
};

test('a view or updater', async () => {
  const { codec, records } = await logWithFeature();
  const store = createMemoryFoldStore(PARTITIONS);
  const follow = (knownFeatures: readonly string[]) =>
    createOutcomeFollower({
      topic: 't',
      store,
      codec,
      ends: [2, 0, 0, 0],
      logger: silentLogger(),
      time: systemTime,
      onFolded: () => undefined,
      knownFeatures,
    });
  const read = records.map((value, offset) => ({ partition: 0, offset, key: '', value, timestamp: NOW }));
  await expect(follow([]).onRecords(0, read, 2)).rejects.toThrow(SENTENCE);

  const newer = follow(['colour']);
  await newer.onRecords(0, read, 2);
  expect(store.state(0).header.features).toEqual(['colour']);
  expect(() => follow([])).toThrow(StartError);
});

test('the mirror', async () => {
  const { codec, log, first } = await logWithFeature();
  const things = memoryThingStore(PARTITIONS, 'original');
  const mirror = (knownFeatures: readonly string[]) =>
    startMirror({
      namespace: 'x',
      genesis: first,
      things,
      log,
      codec,
      waiter: createOutcomeWaiter(),
      logger: silentLogger(),
      metrics: createMetrics('test'),
      time: systemTime,
      knownFeatures,
    });
  const older = await mirror([]);
  await expect(older.failed).rejects.toThrow(SENTENCE);
  expect(older.headers()[0]!.features).toEqual([]);
  await older.stop();

  const newer = await mirror(['colour']);
  await newer.progress.until(0, 2, 5_000);
  const [{ header }] = [{ header: newer.headers()[0]! }];
  expect(header.features).toEqual(['colour']);
  await newer.stop();
  await things.applyMirror(0, 0, { nextOffset: 2, header }, []);
  await expect(mirror([])).rejects.toThrow(/^feature colour is enabled at outcomes\/0 before offset 2/);
});
