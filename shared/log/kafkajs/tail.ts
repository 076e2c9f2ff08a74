/**
 * Reading on from given offsets, on kafkajs. We keep our offsets with our state, so the consumer group is only the
 * client's way to read at all: a random group, nothing committed, `seek` after every join.
 *
 * The client loses its place in three ways, and each would skip records in silence: after a rejoin it starts at the
 * default offset, after a crash it restarts there, and with an offset out of range it resets there. So the default is the
 * beginning (what comes twice is dropped here), a crash ends the consumer and a new one is built, and the range is
 * checked before reading and with every batch.
 *
 * It reads topics by name, so it would go on in another topic of the same name. The ids of the topics are compared before
 * reading, after every rejoin (which the deletion of a topic leads to) before anything is handed over, and every
 * IDS_EVERY_MS.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, Kafka } from 'kafkajs';
import type { Logger } from '../../process/logger.ts';
import { createTrouble } from '../../process/trouble.ts';
import type { Linger } from '../linger.ts';
import {
  OffsetGoneError,
  type LogPosition,
  type OnRecords,
  type Tail,
  type TopicDescription,
} from '../event-log.ts';
import { answerInTime } from '../kafka-limit.ts';
import { TOPIC_GONE_AFTER_MS } from '../kafka-timeouts.ts';
import { disconnect } from './renewable.ts';
import { createBatchReader, cursorKey, type BatchReaderParts, type Cursor } from './batch-reader.ts';
import { KAFKA_RETRY } from './client.ts';
import { anotherTopic, beginningOf, topicGone } from '../log-beginning.ts';

/** A fetch waits this long for news; a disconnect waits for the fetch. */
const FETCH_WAIT_MS = 250;
const FETCH_MAX_BYTES_PER_PARTITION = 1024 * 1024;
const JOIN_TIMEOUT_MS = 15_000;
const REBUILD_DELAY_MS = 250;
const REBUILD_DELAY_MAX_MS = 2_000;
const IDS_EVERY_MS = 1_000;

export interface TailParts {
  readonly kafka: Kafka;
  readonly describeTopic: (topic: string) => Promise<TopicDescription | undefined>;
  readonly topicId: (topic: string) => Promise<string | undefined>;
  readonly logger: Logger;
}

export const tailKafkajs = async (
  parts: TailParts,
  positions: readonly LogPosition[],
  onRecords: OnRecords,
  linger: Linger,
): Promise<Tail> => {
  const { kafka, logger } = parts;
  const cursors = new Map<string, Cursor>();
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  let over = false;
  let consumer: Consumer | undefined;
  const fail = (error: unknown): void => {
    over = true;
    reject(error);
  };
  const topics = [...new Set(positions.map(({ topic }) => topic))];
  const ids = watchTopics(parts, topics);

  /** Each time: the client goes on from the earliest offset, and says nothing, when ours is not there. */
  const checkCursors = async (): Promise<void> => {
    const found = new Map<string, TopicDescription>();
    for (const topic of topics) found.set(topic, await ids.describe(topic));
    for (const position of positions) {
      const { topic, partition } = position;
      const cursor = cursors.get(cursorKey(topic, partition));
      const from = cursor === undefined ? position : { topic, partition, offset: cursor.next };
      const next = beginningOf(from, found.get(topic)!);
      if (cursor !== undefined) continue;
      cursors.set(cursorKey(topic, partition), { topic, partition, next, reading: undefined });
      // What the reader throws is final, as for any record.
      if (next > position.offset) await onRecords(topic, partition, [], next).catch(fail);
    }
  };
  const build = async (): Promise<void> => {
    await checkCursors();
    consumer = await startConsumer(
      kafka,
      topics,
      { cursors, linger, onRecords, fail, isOver: () => over },
      ids.compare,
      () => void rebuild(),
    );
    if (over) await disconnect(consumer);
  };
  const trouble = createTrouble(logger, 'the Kafka consumer ended, and a new one could not be built');
  const rebuild = async (): Promise<void> => {
    const old = consumer;
    consumer = undefined;
    if (old !== undefined) await disconnect(old);
    logger.debug({ topics }, 'the Kafka consumer ended, building a new one');
    for (let delay = REBUILD_DELAY_MS; !over; delay = Math.min(2 * delay, REBUILD_DELAY_MAX_MS)) {
      try {
        await build();
        trouble.over();
        return;
      } catch (error) {
        if (error instanceof OffsetGoneError) fail(error);
        trouble.met(error, { topics });
        await sleep(delay);
      }
    }
  };

  await buildFirst(build, logger);
  void untilOver(
    () => over,
    () => ids.compare().catch((error: unknown) => error instanceof OffsetGoneError && fail(error)),
  );
  return {
    failed,
    trouble: trouble.present,
    stop: async () => {
      over = true;
      if (consumer !== undefined) await disconnect(consumer);
    },
  };
};

const untilOver = async (isOver: () => boolean, check: () => Promise<unknown>): Promise<void> => {
  while (!isOver()) {
    await sleep(IDS_EVERY_MS, undefined, { ref: false });
    if (!isOver()) await check();
  }
};

interface WatchedTopics {
  /** Throws OffsetGoneError when the topic is another one than at first, or has been away for too long. */
  describe(topic: string): Promise<TopicDescription>;
  /** The same, of all topics, without their offsets. */
  compare(): Promise<void>;
}

const watchTopics = ({ describeTopic, topicId }: TailParts, topics: readonly string[]): WatchedTopics => {
  const first = new Map<string, string>();
  const awaySince = new Map<string, number>();
  const check = (topic: string, id: string | undefined): void => {
    if (id === undefined) {
      const since = awaySince.get(topic) ?? performance.now();
      awaySince.set(topic, since);
      if (performance.now() - since >= TOPIC_GONE_AFTER_MS) throw topicGone(topic);
      throw new Error(`there is no topic ${topic}`);
    }
    awaySince.delete(topic);
    if ((first.get(topic) ?? id) !== id) throw anotherTopic(topic);
    first.set(topic, id);
  };
  return {
    describe: async (topic) => {
      const description = await describeTopic(topic);
      check(topic, description?.id);
      return description!;
    },
    compare: async () => {
      for (const topic of topics) check(topic, await topicId(topic));
    },
  };
};

/** A broker that has just started is still loading its groups, so the first consumer may need some attempts. */
const buildFirst = async (build: () => Promise<void>, logger: Logger): Promise<void> => {
  const deadline = performance.now() + JOIN_TIMEOUT_MS;
  for (;;) {
    try {
      await build();
      return;
    } catch (error) {
      if (error instanceof OffsetGoneError || performance.now() + REBUILD_DELAY_MS > deadline) throw error;
      logger.debug({ err: error }, 'the Kafka consumer could not be built, trying again');
      await sleep(REBUILD_DELAY_MS);
    }
  }
};

const startConsumer = async (
  kafka: Kafka,
  topics: string[],
  reading: Omit<BatchReaderParts, 'consumer' | 'verified'>,
  verify: () => Promise<void>,
  crashed: () => void,
): Promise<Consumer> => {
  const consumer = kafka.consumer({
    groupId: `playground-reader-${randomUUID()}`,
    allowAutoTopicCreation: false,
    minBytes: 1,
    maxWaitTimeInMs: FETCH_WAIT_MS,
    maxBytesPerPartition: FETCH_MAX_BYTES_PER_PARTITION,
    // The client would take out what belongs to aborted transactions, and wait for open ones.
    readUncommitted: true,
    retry: { ...KAFKA_RETRY, restartOnFailure: async () => false },
  });
  const joined = Promise.withResolvers<void>();
  let verified: Promise<void> = Promise.resolve();
  let established = false;
  consumer.on(consumer.events.GROUP_JOIN, () => {
    if (established) {
      verified = verify();
      verified.catch((error: unknown) => {
        if (error instanceof OffsetGoneError) reading.fail(error);
      });
    }
    for (const { topic, partition, next } of reading.cursors.values())
      consumer.seek({ topic, partition, offset: String(next) });
    joined.resolve();
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    joined.reject(payload.error);
    if (established) crashed();
  });
  joined.promise.catch(() => undefined);
  const start = async (): Promise<void> => {
    await consumer.connect();
    await consumer.subscribe({ topics, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      // The handlers wait for other things than the processor.
      partitionsConsumedConcurrently: reading.cursors.size,
      eachBatch: createBatchReader({ ...reading, consumer, verified: () => verified }),
    });
    await joined.promise;
  };

  try {
    await answerInTime('joining the group of a reader', start(), JOIN_TIMEOUT_MS);
    established = true;
    return consumer;
  } catch (error) {
    await disconnect(consumer);
    throw error;
  }
};
