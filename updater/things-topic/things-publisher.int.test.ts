/** The output topic on a real Kafka, through both clients: deleted, created again, and written to by strangers. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { thing } from '../../test/outcome-log.ts';
import { createRecordCodec } from '../../shared/records/record-codec.ts';
import { memorySchemaRegistry } from '../../shared/records/schema-registry.ts';
import type { Thing } from '../../shared/domain/thing.ts';
import { connectKafkaLog } from '../../shared/log/kafka/connect-kafka-log.ts';
import { KAFKA_CLIENTS } from '../../shared/log/kafka-access.ts';
import { kafkaOperator, type KafkaOperator } from '../../shared/log/kafkajs/operator.ts';
import { silentLogger } from '../../shared/process/logger.ts';
import { createMetrics } from '../../shared/process/metrics.ts';
import { systemTime } from '../../shared/process/time.ts';
import { createMemoryFoldStore } from '../../shared/replica/memory-fold-store.ts';
import { startThingsPublisher } from './things-publisher.ts';

const PARTITIONS = 2;
const THINGS = 20;
const WAIT = { timeout: 30_000, interval: 100 };
const brokers = (): string[] => inject('stack').KAFKA_BROKERS.split(',');

let operator: KafkaOperator;
beforeAll(async () => {
  operator = await kafkaOperator(brokers());
});
afterAll(() => operator.close());

test.each(KAFKA_CLIENTS)(
  'through %s all states are published again, and other topics do not wait',
  async (client) => {
    const log = await connectKafkaLog(
      { client, brokers: brokers(), clientId: 'publisher', replicationFactor: 1 },
      silentLogger(),
    );
    const [topic, other] = [`publisher-${randomUUID()}`, `publisher-${randomUUID()}-other`];
    const settings = { 'cleanup.policy': 'compact' };
    const create = (): Promise<void> => log.createTopics([{ topic, partitions: PARTITIONS, settings }]);
    await create();
    await log.createTopics([{ topic: other, partitions: 1, settings: {} }]);
    const store = createMemoryFoldStore(PARTITIONS);
    for (let id = 1; id <= THINGS; id++)
      (store.state(id % PARTITIONS).things as Map<number, Thing>).set(id, thing(id));
    const metrics = createMetrics('test');
    const publisher = startThingsPublisher({
      topic,
      genesis: { type: 'genesis', id: 'g', format: 2, partitions: PARTITIONS, master: 'shiny' },
      store,
      log,
      codec: await createRecordCodec(memorySchemaRegistry(), 'publisher'),
      logger: silentLogger(),
      metrics,
      time: systemTime,
      standsBy: () => false,
    });
    const written = async (): Promise<number> =>
      (await log.endOffsets(topic)).reduce((sum, end) => sum + end, 0);
    await vi.waitFor(async () => expect(await written()).toBe(THINGS), WAIT);

    await operator.append(topic, 0, '2', Buffer.from('garbage'));
    await operator.appendTombstone(topic, 1, '1');
    await vi.waitFor(async () => expect(await written()).toBe(THINGS + 4), WAIT);
    const { values } = await metrics.registry.getSingleMetric('things_topic_unreadable_total')!.get();
    expect(values.map(({ value }) => value)).toEqual([1, 1]);

    await operator.deleteTopic(topic);
    (store.state(0).things as Map<number, Thing>).set(2, thing(2, 1));
    publisher.changed(2);
    for (let append = 0; append < 5; append++) {
      const started = performance.now();
      await log.append(other, { partition: 0, key: 'k', value: Buffer.from('v'), timestamp: 0 });
      expect(performance.now() - started).toBeLessThan(1_000);
      await systemTime.sleep(300);
    }
    await vi.waitFor(create, WAIT);
    await vi.waitFor(async () => expect(await written()).toBeGreaterThanOrEqual(THINGS), WAIT);
    await publisher.stop();
    await log.close();
  },
);
