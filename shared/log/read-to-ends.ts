/** Reads partitions of a topic from their beginning to ends that were noted before. */
import type { EventLog, LogRecord } from './event-log.ts';

export interface ReadToEnds {
  readonly topic: string;
  /** By partition; an end of 0 has nothing to read. */
  readonly ends: ReadonlyMap<number, number>;
  /** Gets the records below the end, in order, at least one; `enough` ends the reading. */
  readonly onRecords: (
    partition: number,
    records: readonly LogRecord[],
  ) => void | 'enough' | Promise<void | 'enough'>;
  /** Of all partitions together; twice that at most passes without a record. */
  readonly stallMs: number;
}

/** Rejects with what `onRecords` throws, and with the partitions that are not read when nothing comes any more. */
export const readToEnds = async (
  log: EventLog,
  { topic, ends, onRecords, stallMs }: ReadToEnds,
): Promise<void> => {
  const unread = new Set([...ends].flatMap(([partition, end]) => (end === 0 ? [] : [partition])));
  if (unread.size === 0) return;
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const { promise: stalled, reject } = Promise.withResolvers<never>();
  stalled.catch(() => undefined);
  let heard = 0;
  let heardBefore = -1;
  const watch = setInterval(() => {
    if (heard === heardBefore)
      reject(
        new Error(
          `no more records of ${topic} in ${stallMs} ms; not read: partitions ${[...unread].join(', ')}`,
        ),
      );
    heardBefore = heard;
  }, stallMs);
  const positions = [...unread].map((partition) => ({ topic, partition, offset: 0 }));
  try {
    const tail = await log.tail(positions, async (_topic, partition, records, next) => {
      heard++;
      const end = ends.get(partition)!;
      const within = records.filter(({ offset }) => offset < end);
      if (within.length > 0 && (await onRecords(partition, within)) === 'enough') resolve();
      if (next >= end && unread.delete(partition) && unread.size === 0) resolve();
    });
    try {
      await Promise.race([done, tail.failed, stalled]);
    } finally {
      await tail.stop();
    }
  } finally {
    clearInterval(watch);
  }
};
