/** Reads the first record of a partition. */
import { OffsetGoneError, type EventLog, type LogRecord } from './event-log.ts';

/** Long enough for a reader to join its group beside a broker that has just started. */
const READ_WAIT_MS = 30_000;

/**
 * Throws OffsetGoneError when the partition does not begin at offset 0 or has no record at all behind what reading passes
 * over, and an Error when nothing came within READ_WAIT_MS.
 */
export const readFirst = async (log: EventLog, topic: string, partition: number): Promise<LogRecord> => {
  const end = (await log.endOffsets(topic))[partition] ?? 0;
  const first = Promise.withResolvers<LogRecord>();
  const timer = setTimeout(
    () => first.reject(new Error(`${topic}/${partition} gave no record within ${READ_WAIT_MS} ms`)),
    READ_WAIT_MS,
  );
  const positions = [{ topic, partition, offset: 0 }];
  try {
    const tail = await log.tail(positions, async (_topic, read, records, next) => {
      if (read !== partition) return;
      if (records[0] !== undefined) first.resolve(records[0]);
      else if (next >= end)
        first.reject(new OffsetGoneError(`${topic}/${partition} has no record before offset ${next}`));
    });
    try {
      return await Promise.race([first.promise, tail.failed]);
    } finally {
      // Nobody needs to wait until the reader has left its group.
      tail.stop().catch(() => undefined);
    }
  } finally {
    clearTimeout(timer);
    first.promise.catch(() => undefined);
  }
};
