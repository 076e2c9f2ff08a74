/**
 * Collects the appends to one topic while one request is in flight and sends them together, order kept. One request per
 * message is four to six times slower with kafkajs. A single write is never held up; after a batch of several it lingers.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { BATCH_LINGER_MS } from './linger.ts';
import {
  AppendNotStoredError,
  AppendOverflowError,
  AppendRefusedError,
  AppendUnknownError,
  type AppendRecord,
} from './event-log.ts';

/** The offset of a record, or why it has none: an append error of the seam. */
export type AppendResult = number | Error;

/** Sends records, in order, and tells of each what became of it. Never rejects. */
export type SendBatch = (batch: readonly AppendRecord[]) => Promise<AppendResult[]>;

/** Per topic. */
export const APPEND_QUEUE_MAX_RECORDS = 20_000;
export const APPEND_BATCH_MAX_RECORDS = 1_000;
/**
 * Below the `max.message.bytes` of our topics (topics.ts), by which a broker refuses a batch of one partition. One record
 * alone is always sent.
 */
export const APPEND_BATCH_MAX_BYTES = 900_000;
/** What Kafka adds to key and value, with room to spare. */
const RECORD_OVERHEAD_BYTES = 100;

interface Waiting {
  readonly record: AppendRecord;
  readonly resolve: (offset: number) => void;
  readonly reject: (error: Error) => void;
}

export interface AppendBatcher {
  append(record: AppendRecord): Promise<number>;
  /** Resolves when nothing waits or is in flight. */
  drained(): Promise<void>;
}

export const createAppendBatcher = (sendBatch: SendBatch): AppendBatcher => {
  let queue: Waiting[] = [];
  let sending: Promise<void> | undefined;

  /** Appends that wait behind a failed one fail too: if they were sent, they would overtake its retry. */
  const failBehind = (batch: readonly Waiting[], results: readonly AppendResult[]): void => {
    const failed = new Set<number>();
    let isTroubled = false;
    results.forEach((result, index) => {
      if (typeof result === 'number') return;
      failed.add(batch[index]!.record.partition);
      // A refusal is an answer: the broker works, and other partitions go on. Any other error would hit them too.
      isTroubled ||= !(result instanceof AppendRefusedError || result instanceof AppendNotStoredError);
    });
    if (failed.size === 0) return;
    const isBehind = ({ record }: Waiting): boolean => isTroubled || failed.has(record.partition);
    const behind = queue.filter(isBehind);
    queue = queue.filter((waiting) => !isBehind(waiting));
    for (const { reject } of behind)
      reject(new AppendNotStoredError('the record was not sent: one before it failed'));
  };

  const sendAll = async (): Promise<void> => {
    while (queue.length > 0) {
      const batch = queue.slice(0, batchLength(queue));
      queue = queue.slice(batch.length);
      // It never rejects; if it did, nothing would be appended any more.
      const results = await sendBatch(batch.map(({ record }) => record)).catch((cause: unknown) =>
        batch.map(() => new AppendUnknownError('sending has failed', { cause })),
      );
      failBehind(batch, results);
      batch.forEach(({ resolve, reject }, index) => {
        const result = results[index]!;
        if (typeof result === 'number') resolve(result);
        else reject(result);
      });
      if (batch.length > 1) await sleep(BATCH_LINGER_MS);
    }
    sending = undefined;
  };

  return {
    append: (record) =>
      new Promise((resolve, reject) => {
        if (queue.length >= APPEND_QUEUE_MAX_RECORDS) {
          reject(new AppendOverflowError(`${APPEND_QUEUE_MAX_RECORDS} records wait to be appended`));
          return;
        }
        queue.push({ record, resolve, reject });
        // A microtask later, so that what is appended in one turn goes out together.
        sending ??= Promise.resolve().then(sendAll);
      }),
    drained: async () => {
      await sending;
    },
  };
};

const batchLength = (queue: readonly Waiting[]): number => {
  let bytes = 0;
  let length = 0;
  for (const { record } of queue) {
    bytes += Buffer.byteLength(record.key) + record.value.length + RECORD_OVERHEAD_BYTES;
    if (length === APPEND_BATCH_MAX_RECORDS || (length > 0 && bytes > APPEND_BATCH_MAX_BYTES)) break;
    length++;
  }
  return length;
};
