/** Sends batches to Kafka through @platformatic/kafka, one request at a time. */
import { ProduceAcks, type ClusterMetadata, type MessageToProduce, type Producer } from '@platformatic/kafka';
import type { Logger } from '../process/logger.ts';
import type { QueuedAppend, SendBatch } from './append-batcher.ts';
import { AppendUnknownError } from './event-log.ts';
import { closeClient, CONNECT_PATIENCE_MS, inTime, retryFor } from './platformatic-client.ts';

/**
 * A producer that is thrown away after any error. Not idempotent: a sequence that must outlive errors and new producers is
 * more than duplicates cost, which the fold ignores.
 */
export const renewableProducer = (
  create: () => Producer,
  logger: Logger,
): { send: SendBatch; close: () => Promise<void> } => {
  let current: Producer | undefined;

  const close = async (): Promise<void> => {
    const producer = current;
    current = undefined;
    if (producer !== undefined) await closeClient(producer);
  };

  return {
    send: async (batch) => {
      try {
        const producer = (current ??= create());
        // Nothing is sent yet, so this may be tried again.
        const leaders = () => inTime(producer.metadata({ topics: topicsOf(batch) }));
        checkPartitions(batch, await retryFor(CONNECT_PATIENCE_MS, leaders));
        const { offsets } = await inTime(
          producer.send({ acks: ProduceAcks.ALL, messages: messagesOf(batch) }),
        );
        return offsetsOf(batch, offsets ?? []);
      } catch (error) {
        logger.warn({ err: error, records: batch.length }, 'appending to Kafka failed');
        close().catch(() => undefined);
        throw new AppendUnknownError(
          `it is not known whether Kafka stored the record: ${(error as Error).message}`,
          { cause: error },
        );
      }
    },
    close,
  };
};

const topicsOf = (batch: readonly QueuedAppend[]): string[] => [...new Set(batch.map(({ topic }) => topic))];

const messagesOf = (batch: readonly QueuedAppend[]): MessageToProduce[] =>
  batch.map(({ topic, record }) => ({
    topic,
    partition: record.partition,
    key: Buffer.from(record.key),
    value: record.value,
    timestamp: BigInt(record.timestamp),
  }));

// The client takes the partition modulo their number.
const checkPartitions = (batch: readonly QueuedAppend[], { topics }: ClusterMetadata): void => {
  for (const { topic, record } of batch) {
    const count = topics.get(topic)?.partitionsCount ?? 0;
    if (record.partition >= count)
      throw new Error(`there is no partition ${record.partition} of the topic ${topic}`);
  }
};

/** The broker tells the first offset of each partition; a request has one batch of each, in our order. */
const offsetsOf = (
  batch: readonly QueuedAppend[],
  firsts: readonly { topic: string; partition: number; offset: bigint }[],
): number[] => {
  const next = new Map(firsts.map((first) => [`${first.topic}/${first.partition}`, Number(first.offset)]));
  return batch.map(({ topic, record }) => {
    const key = `${topic}/${record.partition}`;
    const offset = next.get(key);
    if (offset === undefined || offset < 0) throw new Error(`the broker did not answer for ${key}`);
    next.set(key, offset + 1);
    return offset;
  });
};
