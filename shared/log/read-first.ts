/** Reads the first record of a partition. */
import type { EventLog, LogRecord } from './event-log.ts';

export const readFirst = async (log: EventLog, topic: string, partition: number): Promise<LogRecord> => {
  const first = Promise.withResolvers<LogRecord>();
  const tail = await log.tail([{ topic, partition, offset: 0 }], async (_topic, read, records) => {
    if (read === partition && records[0] !== undefined) first.resolve(records[0]);
  });
  const record = await Promise.race([first.promise, tail.failed]);
  // Nobody needs to wait until the reader has left its group.
  tail.stop().catch(() => undefined);
  return record;
};
