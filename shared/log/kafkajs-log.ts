/** The log on Kafka, through kafkajs. Order and certainty come before speed: one request in flight, and no idempotent producer (below). */
import { Partitioners, type Admin, type Kafka, type Producer } from 'kafkajs';
import type { Logger } from '../process/logger.ts';
import { withTimeout } from '../process/with-timeout.ts';
import { createAppendBatcher, type QueuedAppend } from './append-batcher.ts';
import { BREATH_MS } from './breath.ts';
import { AppendUnknownError, type EventLog, type TopicSpec } from './event-log.ts';
import type { KafkaAccess } from './kafka-log.ts';
import { DISCONNECT_TIMEOUT_MS, REQUEST_TIMEOUT_MS, TOPIC_CREATE_TIMEOUT_MS } from './kafka-timeouts.ts';
import { createKafkajsClient, KAFKA_RETRY } from './kafkajs-client.ts';
import { fetchOffsets } from './kafkajs-offsets.ts';
import { tailKafkajs } from './kafkajs-tail.ts';

const ACKS_ALL = -1;

/** Connects. Throws when no broker answers within the client's retries (some three seconds). */
export const connectKafkajsLog = async (access: KafkaAccess, logger: Logger): Promise<EventLog> => {
  const kafka = createKafkajsClient(access, logger);
  const admin = kafka.admin();
  try {
    await admin.connect();
  } catch (error) {
    // A broker that accepts and does not answer leaves a socket open.
    await withTimeout(admin.disconnect(), DISCONNECT_TIMEOUT_MS).catch(() => undefined);
    throw error;
  }
  const producer = renewableProducer(kafka, logger);
  const batcher = createAppendBatcher(producer.send);

  return {
    createTopics: (specs) => createTopics(admin, specs, access.replicationFactor),
    partitions: (topic) => countPartitions(admin, topic),
    append: batcher.append,
    tail: (positions, onRecords, breath = () => BREATH_MS) =>
      tailKafkajs(kafka, admin, logger, positions, onRecords, breath),
    endOffsets: async (topic) => (await fetchOffsets(admin, topic)).map(({ high }) => high),
    close: async () => {
      await batcher.drained();
      await Promise.all([producer.close(), withTimeout(admin.disconnect(), DISCONNECT_TIMEOUT_MS)]);
    },
  };
};

/**
 * A producer that is thrown away after any error. Not idempotent: kafkajs rolls its sequence number back after a failed
 * request, and if the broker had stored that one, the next batch of equal size would be acknowledged and never stored.
 * Duplicates are harmless to us, the fold ignores them.
 */
const renewableProducer = (
  kafka: Kafka,
  logger: Logger,
): { send: (batch: readonly QueuedAppend[]) => Promise<number[]>; close: () => Promise<void> } => {
  let current: Producer | undefined;

  const connected = async (): Promise<Producer> => {
    if (current !== undefined) return current;
    const producer = kafka.producer({
      allowAutoTopicCreation: false,
      // Never asked, as every record names its partition; naming it spares a warning on stderr.
      createPartitioner: Partitioners.DefaultPartitioner,
      idempotent: false,
      maxInFlightRequests: 1,
      retry: KAFKA_RETRY,
    });
    try {
      await producer.connect();
    } catch (error) {
      // A broker that accepts and does not answer leaves a socket open.
      await withTimeout(producer.disconnect(), DISCONNECT_TIMEOUT_MS).catch(() => undefined);
      throw error;
    }
    current = producer;
    return producer;
  };

  const close = async (): Promise<void> => {
    const producer = current;
    current = undefined;
    if (producer !== undefined) await withTimeout(producer.disconnect(), DISCONNECT_TIMEOUT_MS);
  };

  return {
    send: async (batch) => {
      try {
        const producer = await connected();
        const stored = await producer.sendBatch({
          acks: ACKS_ALL,
          timeout: REQUEST_TIMEOUT_MS,
          topicMessages: byTopic(batch),
        });
        const next = new Map(stored.map((s) => [`${s.topicName}/${s.partition}`, Number(s.baseOffset)]));
        return batch.map(({ topic, record }) => {
          const key = `${topic}/${record.partition}`;
          const offset = next.get(key);
          if (offset === undefined) throw new Error(`the broker did not answer for ${key}`);
          next.set(key, offset + 1);
          return offset;
        });
      } catch (error) {
        logger.warn({ err: error, records: batch.length }, 'appending to Kafka failed');
        close().catch(() => undefined);
        throw new AppendUnknownError(
          `it is not known whether Kafka stored the record: ${(error as Error).message}`,
          {
            cause: error,
          },
        );
      }
    },
    close,
  };
};

const byTopic = (batch: readonly QueuedAppend[]): { topic: string; messages: KafkaMessage[] }[] => {
  const topics = new Map<string, KafkaMessage[]>();
  for (const { topic, record } of batch) {
    const message = {
      partition: record.partition,
      key: record.key,
      value: record.value,
      timestamp: String(record.timestamp),
    };
    const messages = topics.get(topic);
    if (messages === undefined) topics.set(topic, [message]);
    else messages.push(message);
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }));
};

interface KafkaMessage {
  partition: number;
  key: string;
  value: Buffer;
  timestamp: string;
}

const createTopics = async (
  admin: Admin,
  specs: readonly TopicSpec[],
  replicationFactor: number,
): Promise<void> => {
  const existing = new Set(await admin.listTopics());
  const missing = specs.filter(({ topic }) => !existing.has(topic));
  if (missing.length > 0) {
    await admin.createTopics({
      waitForLeaders: true,
      timeout: TOPIC_CREATE_TIMEOUT_MS,
      topics: missing.map(({ topic, partitions, settings }) => ({
        topic,
        numPartitions: partitions,
        replicationFactor,
        configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
      })),
    });
  }
  for (const { topic, partitions } of specs) {
    const found = await countPartitions(admin, topic);
    if (found !== partitions)
      throw new Error(`the topic ${topic} has ${found ?? 'no'} partitions, not ${partitions}`);
  }
};

const countPartitions = async (admin: Admin, topic: string): Promise<number | undefined> => {
  const existing = await admin.listTopics();
  if (!existing.includes(topic)) return undefined;
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  return topics[0]?.partitions.length;
};
