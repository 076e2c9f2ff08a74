/** Walks a fetch response (version 11) of which kafkajs keeps the records alone: where the batches of each partition end. */
const INT16 = 2;
const INT32 = 4;
const INT64 = 8;
/** Throttle time, error, session. */
const RESPONSE_HEAD_BYTES = INT32 + INT16 + INT32;
/** Partition, error, high watermark, last stable offset. */
const PARTITION_HEAD_BYTES = INT32 + INT16 + 2 * INT64;
const ABORTED_TRANSACTION_BYTES = 2 * INT64;
/** Base offset and length, which stand before what the length counts. */
const BATCH_HEAD_BYTES = INT64 + INT32;
const MAGIC_AT = BATCH_HEAD_BYTES + INT32;
const LAST_OFFSET_DELTA_AT = MAGIC_AT + 1 + INT32 + INT16;
const MAGIC_2 = 2;

export interface FetchedProgress {
  /** The offset behind the last whole batch; 0 when there is none. */
  readonly next: number;
  readonly logStart: number;
}

/** By `topic/partition`. */
export const fetchProgress = (raw: Buffer): Map<string, FetchedProgress> => {
  const found = new Map<string, FetchedProgress>();
  let at = RESPONSE_HEAD_BYTES;
  const int32 = (): number => {
    at += INT32;
    return raw.readInt32BE(at - INT32);
  };
  for (let topics = int32(); topics > 0; topics--) {
    const length = raw.readInt16BE(at);
    const topic = raw.toString('utf8', at + INT16, at + INT16 + length);
    at += INT16 + length;
    for (let partitions = int32(); partitions > 0; partitions--) {
      const partition = raw.readInt32BE(at);
      at += PARTITION_HEAD_BYTES;
      const logStart = Number(raw.readBigInt64BE(at));
      at += INT64;
      const aborted = Math.max(0, int32());
      at += aborted * ABORTED_TRANSACTION_BYTES;
      // The preferred replica.
      at += INT32;
      const bytes = Math.max(0, int32());
      found.set(`${topic}/${partition}`, { next: endOf(raw.subarray(at, at + bytes)), logStart });
      at += bytes;
    }
  }
  return found;
};

/** The last batch may be cut off. */
const endOf = (batches: Buffer): number => {
  let end = 0;
  for (let at = 0; at + LAST_OFFSET_DELTA_AT + INT32 <= batches.length;) {
    const length = BATCH_HEAD_BYTES + batches.readInt32BE(at + INT64);
    if (at + length > batches.length || batches[at + MAGIC_AT] !== MAGIC_2) break;
    const first = Number(batches.readBigInt64BE(at));
    end = Math.max(end, first + batches.readInt32BE(at + LAST_OFFSET_DELTA_AT) + 1);
    at += length;
  }
  return end;
};
