/**
 * Reading on from given offsets, on kafkajs. We keep our offsets with our state, so the consumer group is only the
 * client's way to read at all: a random group, nothing committed, `seek` after every join.
 *
 * The client loses its place in three ways, and each would skip records in silence: after a rejoin it starts at the
 * default offset, after a crash it restarts there, and with an offset out of range it resets there. So the default is the
 * beginning (what comes twice is dropped here), a crash ends the consumer and a new one is built, and the range is
 * checked before reading.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { Logger } from '../process/logger.ts';
import { withTimeout } from '../process/with-timeout.ts';
import type { Breath } from './breath.ts';
import { OffsetGoneError, type LogPosition, type LogRecord, type OnRecords, type Tail } from './event-log.ts';
import { DISCONNECT_TIMEOUT_MS } from './kafka-timeouts.ts';
import { KAFKA_RETRY } from './kafkajs-client.ts';
import { fetchOffsets } from './kafkajs-offsets.ts';

/** A fetch waits this long for news; a disconnect waits for the fetch. */
const FETCH_WAIT_MS = 250;
const FETCH_MAX_BYTES_PER_PARTITION = 1024 * 1024;
const JOIN_TIMEOUT_MS = 15_000;
/** A reader that takes longer pauses its partition, so that it does not hold up the others. */
const PAUSE_AFTER_MS = 50;
const REBUILD_DELAY_MS = 250;

interface Place {
  readonly topic: string;
  readonly partition: number;
  next: number;
  /** What was read and is not taken yet. */
  reading: Promise<void> | undefined;
}

export const tailKafkajs = async (
  kafka: Kafka,
  admin: Admin,
  logger: Logger,
  positions: readonly LogPosition[],
  onRecords: OnRecords,
  breath: Breath,
): Promise<Tail> => {
  const places = new Map(
    positions.map(({ topic, partition, offset }) => [
      keyOf(topic, partition),
      { topic, partition, next: offset, reading: undefined } satisfies Place as Place,
    ]),
  );
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  let stopped = false;
  let consumer: Consumer | undefined;

  const build = async (): Promise<void> => {
    // Each time: the client goes on from the earliest offset, and says nothing, when ours is not there.
    await checkRange(admin, places);
    const load: Load = { records: 0, breath };
    consumer = await startConsumer(kafka, places, load, onRecords, {
      fail: reject,
      crashed: () => void rebuild(),
    });
    if (stopped) await disconnect(consumer);
  };
  const rebuild = async (): Promise<void> => {
    const old = consumer;
    consumer = undefined;
    if (old !== undefined) await disconnect(old);
    while (!stopped) {
      logger.warn({ topics: topicsOf(places) }, 'the Kafka consumer ended, building a new one');
      try {
        await build();
        return;
      } catch (error) {
        if (error instanceof OffsetGoneError) {
          reject(error);
          return;
        }
        logger.warn({ err: error }, 'a new Kafka consumer could not be built');
        await sleep(REBUILD_DELAY_MS);
      }
    }
  };

  await buildFirst(build, logger);
  return {
    failed,
    stop: async () => {
      stopped = true;
      if (consumer !== undefined) await disconnect(consumer);
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
  places: ReadonlyMap<string, Place>,
  load: Load,
  onRecords: OnRecords,
  { fail, crashed }: { fail: (error: unknown) => void; crashed: () => void },
): Promise<Consumer> => {
  const consumer = kafka.consumer({
    groupId: `playground-reader-${randomUUID()}`,
    allowAutoTopicCreation: false,
    minBytes: 1,
    maxWaitTimeInMs: FETCH_WAIT_MS,
    maxBytesPerPartition: FETCH_MAX_BYTES_PER_PARTITION,
    retry: { ...KAFKA_RETRY, restartOnFailure: async () => false },
  });
  const joined = Promise.withResolvers<void>();
  let established = false;
  const seekAll = (): void => {
    for (const { topic, partition, next } of places.values()) {
      consumer.seek({ topic, partition, offset: String(next) });
    }
  };
  consumer.on(consumer.events.GROUP_JOIN, () => {
    seekAll();
    joined.resolve();
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    joined.reject(payload.error);
    if (established) crashed();
  });
  joined.promise.catch(() => undefined);

  try {
    await consumer.connect();
    await consumer.subscribe({ topics: topicsOf(places), fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      // The handlers wait for other things than the processor.
      partitionsConsumedConcurrently: places.size,
      eachBatch: (payload) => readBatch({ consumer, places, load, onRecords, fail }, payload),
    });
    const timeout = sleep(JOIN_TIMEOUT_MS, undefined, { ref: false }).then(() => {
      throw new Error('the Kafka consumer did not join its group in time');
    });
    await Promise.race([joined.promise, timeout]);
    established = true;
    return consumer;
  } catch (error) {
    await disconnect(consumer);
    throw error;
  }
};

interface Load {
  /** Of all partitions, fetched and being read. */
  records: number;
  readonly breath: Breath;
}

interface Reading {
  readonly consumer: Consumer;
  readonly places: ReadonlyMap<string, Place>;
  readonly load: Load;
  readonly onRecords: OnRecords;
  readonly fail: (error: unknown) => void;
}

const readBatch = async (
  { consumer, places, load, onRecords, fail }: Reading,
  { batch, resolveOffset, isStale, isRunning }: EachBatchPayload,
): Promise<void> => {
  const { topic, partition } = batch;
  const place = places.get(keyOf(topic, partition));
  if (place === undefined || isStale() || !isRunning()) return;
  if (place.reading !== undefined) {
    // Begun by the consumer before this one.
    pauseUntilRead(consumer, topic, partition, place, place.reading);
    return;
  }
  if (Number(batch.highWatermark) < place.next) {
    fail(new OffsetGoneError(`${topic}/${partition} ends at ${batch.highWatermark}, before ${place.next}`));
    return;
  }
  const records: LogRecord[] = [];
  for (const { offset: text, key, value, timestamp } of batch.messages) {
    const offset = Number(text);
    if (offset < place.next || value === null) continue;
    records.push({ partition, offset, key: key?.toString() ?? '', value, timestamp: Number(timestamp) });
  }
  const last = batch.lastOffset();
  if (records.length === 0) {
    resolveOffset(last);
    return;
  }

  const reading = onRecords(topic, partition, records).then(() => {
    place.next = records.at(-1)!.offset + 1;
    place.reading = undefined;
  });
  place.reading = reading;
  reading.catch(fail);
  load.records += records.length;
  const isQuick = await withTimeout(reading, PAUSE_AFTER_MS).catch(() => false);
  // All batches of one fetch are under way by now, and the next fetch waits for them.
  if (load.records > 1) await sleep(load.breath());
  load.records -= records.length;
  if (isQuick) resolveOffset(last);
  else pauseUntilRead(consumer, topic, partition, place, reading);
};

const pauseUntilRead = (
  consumer: Consumer,
  topic: string,
  partition: number,
  place: Place,
  reading: Promise<void>,
): void => {
  consumer.pause([{ topic, partitions: [partition] }]);
  const goOn = (): void => {
    consumer.seek({ topic, partition, offset: String(place.next) });
    consumer.resume([{ topic, partitions: [partition] }]);
  };
  reading.then(goOn).catch(() => undefined);
};

const checkRange = async (admin: Admin, places: ReadonlyMap<string, Place>): Promise<void> => {
  for (const topic of topicsOf(places)) {
    for (const { partition, low, high } of await fetchOffsets(admin, topic)) {
      const place = places.get(keyOf(topic, partition));
      if (place === undefined) continue;
      // A compacted topic or one with retention begins later than 0; reading from its very beginning is still whole.
      if (place.next === 0) place.next = low;
      if (place.next < low || place.next > high) {
        throw new OffsetGoneError(
          `${topic}/${partition} has the offsets ${low} to ${high}, not ${place.next}`,
        );
      }
    }
  }
};

const disconnect = async (consumer: Consumer): Promise<void> => {
  await withTimeout(
    consumer.disconnect().catch(() => undefined),
    DISCONNECT_TIMEOUT_MS,
  );
};

const topicsOf = (places: ReadonlyMap<string, Place>): string[] => [
  ...new Set([...places.values()].map(({ topic }) => topic)),
];

const keyOf = (topic: string, partition: number): string => `${topic}/${partition}`;
