import { expect, test } from 'vitest';
import { create, NOW } from '../test/outcome-log.ts';
import { eventually } from '../test/http-client.ts';
import { partitionOfCommand } from '../shared/domain/command.ts';
import { AppendUnknownError, type EventLog } from '../shared/log/event-log.ts';
import { createMemoryLog } from '../shared/log/memory-log.ts';
import { silentLogger } from '../shared/process/logger.ts';
import { createMetrics } from '../shared/process/metrics.ts';
import { systemTime } from '../shared/process/time.ts';
import { createRecordCodec } from '../shared/records/record-codec.ts';
import { memorySchemaRegistry } from '../shared/records/schema-registry.ts';
import { topicName } from '../shared/records/topics.ts';
import { startOutboxRelay } from './outbox-relay.ts';
import { memoryThingStore } from './store/memory-thing-store.ts';

const NAMESPACE = 'relay';
const FEED = topicName(NAMESPACE, 'things.original');
const PARTITIONS = 2;

test('a partition that takes no entry holds up no other, and nothing that is stored is sent again', async () => {
  const log = createMemoryLog();
  await log.createTopics([{ topic: FEED, partitions: PARTITIONS, settings: {} }]);
  const things = memoryThingStore(PARTITIONS, 'original');
  for (let index = 0; index < 40; index++) {
    const command = create(`c${index}`);
    const partition = partitionOfCommand(command, PARTITIONS);
    await things.decide({ partition, command, fencingEpoch: null, now: NOW });
  }
  let [isAway, tries] = [true, 0];
  const flaky: EventLog = {
    ...log,
    append: (topic, record) => {
      if (record.partition === 0) tries++;
      return record.partition === 0 && isAway
        ? Promise.reject(new AppendUnknownError('the partition has no leader'))
        : log.append(topic, record);
    },
  };
  const relay = startOutboxRelay({
    namespace: NAMESPACE,
    things,
    log: flaky,
    codec: await createRecordCodec(memorySchemaRegistry(), NAMESPACE),
    logger: silentLogger(),
    metrics: createMetrics('test'),
    time: systemTime,
  });
  const ofFirst = Array.from({ length: 40 }, (_, index) => create(`c${index}`)).filter(
    (command) => partitionOfCommand(command, PARTITIONS) === 0,
  ).length;
  expect(ofFirst).toBeGreaterThan(0);
  // Three rounds, in which the other partition is published once.
  await eventually(async () => expect(tries).toBeGreaterThan(3 * ofFirst));
  expect(await log.endOffsets(FEED)).toEqual([0, 40 - ofFirst]);
  isAway = false;
  await eventually(async () => expect(await things.outboxSize(100)).toBe(0));
  expect(await log.endOffsets(FEED)).toEqual([ofFirst, 40 - ofFirst]);
  await relay.stop();
}, 30_000);
