/** For tests and chaos: what somebody else does to topics, beside the seam. */
import { randomUUID } from 'node:crypto';
import { silentLogger } from '../../process/logger.ts';
import type { LogOperator } from '../event-log.contract.ts';
import { createKafkajsClient } from './client.ts';

export interface KafkaOperator extends LogOperator {
  createTopic(topic: string, partitions: number, settings: Readonly<Record<string, string>>): Promise<void>;
  append(topic: string, partition: number, key: string | null, value: Buffer | null): Promise<void>;
}

export const kafkaOperator = async (brokers: readonly string[]): Promise<KafkaOperator> => {
  const kafka = createKafkajsClient({ brokers, clientId: 'operator' }, silentLogger());
  const admin = kafka.admin();
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await Promise.all([admin.connect(), producer.connect()]);
  const transactional: { disconnect(): Promise<void> }[] = [];
  const append: KafkaOperator['append'] = async (topic, partition, key, value) => {
    await producer.send({ topic, messages: [{ partition, key, value }] });
  };

  return {
    append,
    createTopic: async (topic, numPartitions, settings) => {
      const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
      await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions, configEntries }] });
    },
    deleteTopic: (topic) => admin.deleteTopics({ topics: [topic] }),
    deleteRecords: async (topic, partition, offset) => {
      // An admin knows who leads a topic once it was asked for its offsets, and then asks about the topic for ever.
      const one = kafka.admin();
      await one.connect();
      await one.fetchTopicOffsets(topic);
      await one.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
      await one.disconnect();
    },
    appendTombstone: (topic, partition, key) => append(topic, partition, key, null),
    transaction: async (topic, partition, values, end) => {
      const transactionalId = `operator-${randomUUID()}`;
      const one = kafka.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 });
      transactional.push(one);
      await one.connect();
      const transaction = await one.transaction();
      await transaction.send({ topic, messages: values.map((value) => ({ partition, key: 'k', value })) });
      if (end !== 'open') await transaction[end]();
    },
    close: async () => {
      await Promise.all([admin, producer, ...transactional].map((client) => client.disconnect()));
    },
  };
};
