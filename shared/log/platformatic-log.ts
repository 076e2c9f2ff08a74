/** The log on Kafka, through @platformatic/kafka. Order and certainty come before speed: one request in flight to append. */
import type { Logger } from '../process/logger.ts';
import { createAppendBatcher } from './append-batcher.ts';
import { OffsetGoneError, type EventLog, type LogPosition } from './event-log.ts';
import type { KafkaAccess } from './kafka-log.ts';
import {
  closeClient,
  CONNECT_PATIENCE_MS,
  createPlatformaticClients,
  inTime,
  retryFor,
} from './platformatic-client.ts';
import { fetchEndOffsets, fetchOffsetRanges, type OffsetRange } from './platformatic-offsets.ts';
import { renewableProducer } from './platformatic-producer.ts';
import { BREATH_MS } from './breath.ts';
import { tailPlatformatic } from './platformatic-tail.ts';
import { countPartitions, createTopics } from './platformatic-topics.ts';

/** Connects. Throws when no broker answers for some three seconds. */
export const connectPlatformaticLog = async (access: KafkaAccess, logger: Logger): Promise<EventLog> => {
  const clients = createPlatformaticClients(access, logger);
  const admin = clients.admin();
  // Of its own, as a broker answers the requests of one connection one after the other, and tails wait in it for news.
  const offsets = clients.reader();
  const producer = renewableProducer(clients.producer, logger);
  const batcher = createAppendBatcher(producer.send);
  const close = async (): Promise<void> => {
    await Promise.all([producer.close(), closeClient(admin), closeClient(offsets)]);
  };
  try {
    await retryFor(CONNECT_PATIENCE_MS, () => inTime(offsets.metadata({ topics: [] })));
  } catch (error) {
    await close();
    throw error;
  }

  return {
    createTopics: (specs) => createTopics(admin, offsets, specs, access.replicationFactor),
    partitions: (topic) => countPartitions(admin, topic),
    append: batcher.append,
    tail: async (positions, onRecords, breath = () => BREATH_MS) => {
      const ranges = new Map<string, OffsetRange[]>();
      for (const topic of new Set(positions.map(({ topic }) => topic))) {
        ranges.set(topic, await fetchOffsetRanges(offsets, topic));
      }
      const within = positions.map((position) => inRange(position, ranges.get(position.topic)!));
      return tailPlatformatic(clients.reader(), logger, within, onRecords, breath);
    },
    endOffsets: (topic) => fetchEndOffsets(offsets, topic),
    close: async () => {
      await batcher.drained();
      await close();
    },
  };
};

const inRange = (position: LogPosition, ranges: readonly OffsetRange[]): LogPosition => {
  const { topic, partition } = position;
  const range = ranges[partition];
  if (range === undefined)
    throw new OffsetGoneError(`there is no partition ${partition} of the topic ${topic}`);
  const { low, high } = range;
  // A compacted topic or one with retention begins later than 0; reading from its very beginning is still whole.
  const offset = position.offset === 0 ? low : position.offset;
  if (offset < low || offset > high) {
    throw new OffsetGoneError(`${topic}/${partition} has the offsets ${low} to ${high}, not ${offset}`);
  }
  return { topic, partition, offset };
};
