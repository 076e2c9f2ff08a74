/** Hands over to the reader what a kafkajs consumer has fetched of one partition, and keeps a cursor for each partition. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Batch, Consumer, EachBatchPayload } from 'kafkajs';
import { settledWithin } from '../../process/timeout.ts';
import type { Linger } from '../linger.ts';
import { OffsetGoneError, type LogRecord, type OnRecords } from '../event-log.ts';
import { progressOf } from './patches.ts';

/** A reader that takes longer pauses its partition, so that it does not hold up the others. */
const PAUSE_AFTER_MS = 50;

export interface Cursor {
  readonly topic: string;
  readonly partition: number;
  next: number;
  /** What was read and is not taken yet. */
  reading: Promise<void> | undefined;
}

export interface BatchReaderParts {
  readonly consumer: Consumer;
  /** By cursorKey. */
  readonly cursors: ReadonlyMap<string, Cursor>;
  readonly linger: Linger;
  readonly onRecords: OnRecords;
  /** Ends the tail. */
  readonly fail: (error: unknown) => void;
  /** Nothing is handed over before. */
  readonly verified: () => Promise<void>;
  readonly isOver: () => boolean;
}

export const cursorKey = (topic: string, partition: number): string => `${topic}/${partition}`;

export const createBatchReader = (
  parts: BatchReaderParts,
): ((payload: EachBatchPayload) => Promise<void>) => {
  const { consumer, cursors, linger, fail } = parts;
  /** Of all partitions, fetched and being read. */
  let load = 0;

  return async ({ batch, resolveOffset, isStale, isRunning }) => {
    const { topic, partition } = batch;
    await parts.verified();
    const cursor = cursors.get(cursorKey(topic, partition));
    if (cursor === undefined || isStale() || !isRunning() || parts.isOver()) return;
    if (cursor.reading !== undefined) {
      // Begun by the consumer before this one.
      pauseUntilRead(consumer, cursor, cursor.reading);
      return;
    }
    const gone = missing(batch, cursor);
    if (gone !== undefined) {
      fail(gone);
      return;
    }
    if (Number((batch as FetchedBatch).fetchedOffset) > cursor.next) {
      // The client has lost its place.
      consumer.seek({ topic, partition, offset: String(cursor.next) });
      return;
    }
    const records = recordsOf(batch, cursor.next);
    const next = Number(batch.lastOffset()) + 1;
    if (next <= cursor.next) {
      resolveOffset(String(cursor.next - 1));
      return;
    }
    const reading = parts.onRecords(topic, partition, records, next).then(() => {
      cursor.next = next;
      cursor.reading = undefined;
    });
    cursor.reading = reading;
    reading.catch(fail);
    load += records.length;
    const isQuick = await settledWithin(reading, PAUSE_AFTER_MS).catch(() => false);
    // All batches of one fetch are under way by now, and the next fetch waits for them.
    if (load > 1) await sleep(linger());
    load -= records.length;
    if (isQuick) resolveOffset(String(next - 1));
    else pauseUntilRead(consumer, cursor, reading);
  };
};

type FetchedBatch = Batch & { readonly fetchedOffset: string };

const missing = (batch: Batch, { topic, partition, next }: Cursor): OffsetGoneError | undefined => {
  if (Number(batch.highWatermark) < next)
    return new OffsetGoneError(`${topic}/${partition} ends at ${batch.highWatermark}, before ${next}`);
  const logStart = progressOf(batch)?.logStart ?? 0;
  return logStart > next
    ? new OffsetGoneError(`${topic}/${partition} begins at offset ${logStart}, and ${next} is wanted`)
    : undefined;
};

const recordsOf = ({ partition, messages }: Batch, next: number): LogRecord[] => {
  const records: LogRecord[] = [];
  for (const { offset: text, key, value, timestamp } of messages) {
    const offset = Number(text);
    if (offset < next) continue;
    const record = { partition, offset, key: key?.toString() ?? '', timestamp: Number(timestamp) };
    records.push(
      value === null ? { ...record, value: Buffer.alloc(0), isTombstone: true } : { ...record, value },
    );
  }
  return records;
};

const pauseUntilRead = (consumer: Consumer, cursor: Cursor, reading: Promise<void>): void => {
  const { topic, partition } = cursor;
  consumer.pause([{ topic, partitions: [partition] }]);
  const goOn = (): void => {
    consumer.seek({ topic, partition, offset: String(cursor.next) });
    consumer.resume([{ topic, partitions: [partition] }]);
  };
  reading.then(goOn).catch(() => undefined);
};
