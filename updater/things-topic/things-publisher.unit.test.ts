import { afterEach, expect, test, vi } from 'vitest';
import { thing } from '../../test/outcome-log.ts';
import { createRecordCodec, type ThingRecord } from '../../shared/records/record-codec.ts';
import { memorySchemaRegistry } from '../../shared/records/schema-registry.ts';
import type { Thing } from '../../shared/domain/thing.ts';
import { AppendRefusedError, type AppendRecord, type LogRecord } from '../../shared/log/event-log.ts';
import { createMemoryLog } from '../../shared/log/memory-log.ts';
import type { Logger } from '../../shared/process/logger.ts';
import { createMetrics } from '../../shared/process/metrics.ts';
import { systemTime } from '../../shared/process/time.ts';
import { createMemoryFoldStore } from '../../shared/replica/memory-fold-store.ts';
import { startThingsPublisher } from './things-publisher.ts';

const TOPIC = 'ns.things';
const PARTITIONS = 2;
const WAIT = { timeout: 10_000, interval: 20 };
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const recordedLogger = () => {
  const warned: { fields: Record<string, unknown>; sentence: string }[] = [];
  const quiet = (): void => undefined;
  const warn = (fields: Record<string, unknown>, sentence: string): void => {
    warned.push({ fields, sentence });
  };
  return { warned, logger: { debug: quiet, info: quiet, warn } as unknown as Logger };
};

const world = async (things: readonly Thing[], { refuses }: { refuses?: (id: string) => boolean } = {}) => {
  const log = createMemoryLog();
  const codec = await createRecordCodec(memorySchemaRegistry(), 'ns');
  const store = createMemoryFoldStore(PARTITIONS);
  const put = (one: Thing): void => {
    (store.state(one.id % PARTITIONS).things as Map<number, Thing>).set(one.id, one);
  };
  things.forEach(put);
  const createTopic = () => log.createTopics([{ topic: TOPIC, partitions: PARTITIONS, settings: {} }]);
  await createTopic();
  const { warned, logger } = recordedLogger();
  const metrics = createMetrics('test');
  const tries: string[] = [];
  const append = async (topic: string, record: AppendRecord): Promise<number> => {
    tries.push(record.key);
    if (refuses?.(record.key) === true) throw new AppendRefusedError('MESSAGE_TOO_LARGE', 'too large');
    return log.append(topic, record);
  };
  const start = () => {
    const publisher = startThingsPublisher({
      topic: TOPIC,
      genesis: { type: 'genesis', id: 'g', format: 2, partitions: PARTITIONS, master: 'shiny' },
      store,
      log: { ...log, append },
      codec,
      logger,
      metrics,
      time: systemTime,
      standsBy: () => false,
    });
    stops.push(publisher.stop);
    return publisher;
  };
  /** The last readable state of each key. */
  const latest = async (): Promise<Record<string, number>> => {
    const description = await log.describeTopic(TOPIC);
    const records: LogRecord[] = [];
    const tail = await log.tail(
      (description?.ends ?? []).map((_, partition) => ({ topic: TOPIC, partition, offset: 0 })),
      async (_topic, _partition, read) => {
        records.push(...read);
      },
    );
    await systemTime.sleep(1);
    await tail.stop();
    const last = new Map(records.map((record) => [record.key, record]));
    const found: Record<string, number> = {};
    for (const [key, { value, isTombstone }] of last) {
      if (isTombstone === true) continue;
      const [one] = await codec.decode([value]).catch(() => []);
      if (one !== undefined) found[key] = (one as ThingRecord).version;
    }
    return found;
  };
  const counted = async (name: string): Promise<number> => {
    const metric = await metrics.registry.getSingleMetric(name)!.get();
    return metric.values.reduce((sum, { value }) => sum + value, 0);
  };
  return { log, codec, put, createTopic, start, latest, counted, warned, tries };
};
const garbage = (partition: number, key: string): AppendRecord => ({
  partition,
  key,
  value: Buffer.from('garbage'),
  timestamp: 0,
});

test('what is none of ours is counted, said once per partition, and what it stands on is published again', async () => {
  const { log, start, latest, counted, warned, codec } = await world([thing(1, 3), thing(2, 5)]);
  const publisher = start();
  await vi.waitFor(async () => expect(await latest()).toEqual({ 1: 3, 2: 5 }), WAIT);
  await log.append(TOPIC, garbage(1, '1'));
  await log.append(TOPIC, garbage(1, 'something'));
  log.appendTombstone(TOPIC, 0, '2');
  const misplaced = codec.encode({ type: 'thing', ...thing(1, 9) });
  await log.append(TOPIC, { partition: 0, key: '1', value: misplaced, timestamp: 0 });
  await vi.waitFor(async () => expect(await counted('things_topic_unreadable_total')).toBe(4), WAIT);
  await vi.waitFor(async () => expect(await latest()).toMatchObject({ 1: 3, 2: 5 }), WAIT);
  expect(warned.map(({ fields: { topic, partition, offset } }) => [topic, partition, offset])).toEqual([
    [TOPIC, 1, 1],
    [TOPIC, 0, 1],
  ]);
  await expect(Promise.race([publisher.failed, Promise.resolve('works')])).resolves.toBe('works');
});

test('a topic that was there before, with its head gone, is read from where it begins', async () => {
  const { log, start, tries } = await world([thing(1, 3)]);
  await log.append(TOPIC, garbage(1, '1'));
  log.deleteRecords(TOPIC, 1, 1);
  start();
  await vi.waitFor(() => expect(tries).toEqual(['1']), WAIT);
  await vi.waitFor(async () => expect(await log.endOffsets(TOPIC)).toEqual([0, 2]), WAIT);
});

test('a topic that is deleted and created again gets all states again; while it is away nothing is tried', async () => {
  const { log, start, latest, createTopic, put, tries } = await world([thing(1, 3), thing(2, 5)]);
  const publisher = start();
  await vi.waitFor(async () => expect(await latest()).toEqual({ 1: 3, 2: 5 }), WAIT);
  log.deleteTopic(TOPIC);
  await systemTime.sleep(50);
  const before = tries.length;
  put(thing(1, 4));
  publisher.changed(1);
  await systemTime.sleep(500);
  expect(tries).toHaveLength(before);
  await createTopic();
  await vi.waitFor(async () => expect(await latest()).toEqual({ 1: 4, 2: 5 }), WAIT);
});

test('a state that is refused is counted, said once and not tried again; the others go on', async () => {
  const { start, latest, counted, warned, tries, put } = await world([thing(1), thing(2), thing(3)], {
    refuses: (id) => id === '2',
  });
  const publisher = start();
  await vi.waitFor(async () => expect(await latest()).toEqual({ 1: 0, 3: 0 }), WAIT);
  publisher.changed(2);
  await systemTime.sleep(400);
  expect(tries.filter((id) => id === '2')).toHaveLength(1);
  put(thing(2, 1));
  publisher.changed(2);
  await vi.waitFor(() => expect(tries.filter((id) => id === '2')).toHaveLength(2), WAIT);
  await vi.waitFor(async () => expect(await counted('things_refused_total')).toBe(2), WAIT);
  expect(warned.map(({ sentence }) => sentence)).toEqual(['the latest state of a Thing is refused']);
});
