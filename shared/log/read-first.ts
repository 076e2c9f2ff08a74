/** Reads the first record of partitions. */
import { OffsetGoneError, type EventLog, type LogRecord } from './event-log.ts';

/** Long enough for a reader to join its group beside a broker that has just started. */
const READ_WAIT_MS = 30_000;

/**
 * Throws OffsetGoneError when the partition does not begin at offset 0, or holds no record after what reading passes over.
 * Throws an Error when nothing came within READ_WAIT_MS.
 */
export const readFirst = async (log: EventLog, topic: string, partition: number): Promise<LogRecord> =>
  (await readFirsts(log, topic, [partition]))[0]!;

/** The same of several partitions at once, in their order, all within READ_WAIT_MS from the opening of the tail. */
export const readFirsts = async (
  log: EventLog,
  topic: string,
  partitions: readonly number[],
): Promise<LogRecord[]> => {
  const ends = await log.endOffsets(topic);
  const found = new Map<number, LogRecord>();
  const all = Promise.withResolvers<void>();
  // The limit may pass while the tail is opened.
  all.promise.catch(() => undefined);
  const missing = (): string => partitions.filter((partition) => !found.has(partition)).join(', ');
  const timer = setTimeout(
    () => all.reject(new Error(`${topic}/${missing()} gave no record within ${READ_WAIT_MS} ms`)),
    READ_WAIT_MS,
  );
  const positions = partitions.map((partition) => ({ topic, partition, offset: 0 }));
  try {
    const tail = await log.tail(positions, async (_topic, partition, records, next) => {
      if (found.has(partition) || !partitions.includes(partition)) return;
      if (records[0] !== undefined) found.set(partition, records[0]);
      else if (next >= (ends[partition] ?? 0))
        all.reject(new OffsetGoneError(`${topic}/${partition} has no record before offset ${next}`));
      if (found.size === partitions.length) all.resolve();
    });
    try {
      await Promise.race([all.promise, tail.failed]);
    } finally {
      // Nobody needs to wait until the reader has left its group.
      tail.stop().catch(() => undefined);
    }
    return partitions.map((partition) => found.get(partition)!);
  } finally {
    clearTimeout(timer);
  }
};
