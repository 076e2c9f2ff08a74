/**
 * Collects appends while one request is in flight and sends them together, order kept. One request per message is four to
 * six times slower with kafkajs. A single write is never held up; after a batch of several there is a breath.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { BREATH_MS } from './breath.ts';
import { AppendOverflowError, type AppendRecord } from './event-log.ts';

export interface QueuedAppend {
  readonly topic: string;
  readonly record: AppendRecord;
}

/** Sends records, in order, and returns the offset of each. */
export type SendBatch = (batch: readonly QueuedAppend[]) => Promise<number[]>;

export const APPEND_QUEUE_MAX_RECORDS = 20_000;
export const APPEND_BATCH_MAX_RECORDS = 1_000;
/** A broker refuses a batch of one partition above `message.max.bytes`, by default 1 MiB. One record alone is always sent. */
export const APPEND_BATCH_MAX_BYTES = 900_000;
/** What Kafka adds to key and value, with room to spare. */
const RECORD_OVERHEAD_BYTES = 100;

interface Waiting extends QueuedAppend {
  readonly resolve: (offset: number) => void;
  readonly reject: (error: Error) => void;
}

export interface AppendBatcher {
  append(topic: string, record: AppendRecord): Promise<number>;
  /** Resolves when nothing waits or is in flight. */
  drained(): Promise<void>;
}

export const createAppendBatcher = (sendBatch: SendBatch): AppendBatcher => {
  let queue: Waiting[] = [];
  let sending: Promise<void> | undefined;

  const sendAll = async (): Promise<void> => {
    while (queue.length > 0) {
      const batch = queue.slice(0, batchLength(queue));
      queue = queue.slice(batch.length);
      try {
        const offsets = await sendBatch(batch);
        batch.forEach(({ resolve }, index) => resolve(offsets[index]!));
        if (batch.length > 1) await sleep(BREATH_MS);
      } catch (error) {
        // What waits behind a failed append fails with it: sent on, it would overtake the retry.
        const failed = [...batch, ...queue];
        queue = [];
        for (const { reject } of failed) reject(error as Error);
      }
    }
    sending = undefined;
  };

  return {
    append: (topic, record) =>
      new Promise((resolve, reject) => {
        if (queue.length >= APPEND_QUEUE_MAX_RECORDS) {
          reject(new AppendOverflowError(`${APPEND_QUEUE_MAX_RECORDS} records wait to be appended`));
          return;
        }
        queue.push({ topic, record, resolve, reject });
        // A microtask later, so that what is appended in one turn goes out together.
        sending ??= Promise.resolve().then(sendAll);
      }),
    drained: async () => {
      await sending;
    },
  };
};

const batchLength = (queue: readonly QueuedAppend[]): number => {
  let bytes = 0;
  let length = 0;
  for (const { record } of queue) {
    bytes += Buffer.byteLength(record.key) + record.value.length + RECORD_OVERHEAD_BYTES;
    if (length === APPEND_BATCH_MAX_RECORDS || (length > 0 && bytes > APPEND_BATCH_MAX_BYTES)) break;
    length++;
  }
  return length;
};
