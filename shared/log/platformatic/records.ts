/** The records in what a fetch returned of one partition. */
import type { RecordsBatch } from '@platformatic/kafka';
import type { LogRecord } from '../event-log.ts';

/** Bits of a batch's attributes, by Kafka's message format 2. */
const LOG_APPEND_TIME = 0x08;
const CONTROL = 0x20;

export interface FetchedRecords {
  /** From `next` on. */
  readonly records: LogRecord[];
  /** The offset from which to go on. */
  readonly end: number;
}

/**
 * Brokers return whole batches, so what lies before `next` may come again. Compaction leaves gaps, and batches with
 * nothing in them, which count all the same: `end` is behind them.
 */
export const recordsOf = (
  partition: number,
  next: number,
  batches: readonly RecordsBatch[],
): FetchedRecords => {
  const records: LogRecord[] = [];
  let end = next;
  for (const batch of batches) {
    const first = Number(batch.firstOffset);
    end = Math.max(end, first + batch.lastOffsetDelta + 1);
    if ((batch.attributes & CONTROL) !== 0) continue;
    for (const { offsetDelta, timestampDelta, key, value } of batch.records) {
      const offset = first + offsetDelta;
      if (offset < next) continue;
      const timestamp = Number(
        (batch.attributes & LOG_APPEND_TIME) === 0
          ? batch.firstTimestamp + timestampDelta
          : batch.maxTimestamp,
      );
      const record = { partition, offset, key: key?.toString() ?? '', timestamp };
      records.push(
        value === null ? { ...record, value: Buffer.alloc(0), isTombstone: true } : { ...record, value },
      );
    }
  }
  return { records, end };
};
