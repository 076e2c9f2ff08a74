/** The log in memory: for the embedded mode and for tests. It keeps nothing when the process ends. */
import {
  OffsetGoneError,
  type EventLog,
  type LogPosition,
  type LogRecord,
  type OnRecords,
  type Tail,
} from './event-log.ts';

interface Partition {
  readonly records: LogRecord[];
  readonly wakers: Set<() => void>;
}

/** As many records as one read of a tail gets. */
const BATCH_RECORDS_MAX = 1000;

export const createMemoryLog = (): EventLog => {
  const topics = new Map<string, Partition[]>();

  const partitionOf = (topic: string, partition: number): Partition => {
    const found = topics.get(topic)?.[partition];
    if (found === undefined) throw new Error(`there is no partition ${partition} of the topic ${topic}`);
    return found;
  };

  return {
    createTopics: async (specs) => {
      for (const { topic, partitions } of specs) {
        const existing = topics.get(topic);
        if (existing === undefined) {
          topics.set(
            topic,
            Array.from({ length: partitions }, () => ({ records: [], wakers: new Set<() => void>() })),
          );
        } else if (existing.length !== partitions) {
          throw new Error(`the topic ${topic} has ${existing.length} partitions, not ${partitions}`);
        }
      }
    },
    partitions: async (topic) => topics.get(topic)?.length,
    append: async (topic, record) => {
      const { records, wakers } = partitionOf(topic, record.partition);
      const offset = records.push({ ...record, offset: records.length }) - 1;
      for (const wake of wakers) wake();
      return offset;
    },
    tail: async (positions, onRecords) => tailMemory(positions, onRecords, partitionOf),
    endOffsets: async (topic) => (topics.get(topic) ?? []).map(({ records }) => records.length),
    close: async () => undefined,
  };
};

const tailMemory = (
  positions: readonly LogPosition[],
  onRecords: OnRecords,
  partitionOf: (topic: string, partition: number) => Partition,
): Tail => {
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  let stopped = false;

  const read = async ({ topic, partition, offset }: LogPosition): Promise<void> => {
    const { records, wakers } = partitionOf(topic, partition);
    if (offset > records.length)
      throw new OffsetGoneError(`${topic}/${partition} has no offset ${offset} yet`);
    let next = offset;
    while (!stopped) {
      if (next < records.length) {
        const batch = records.slice(next, next + BATCH_RECORDS_MAX);
        next += batch.length;
        await onRecords(topic, partition, batch);
      } else {
        await sleepUntilWoken(wakers, wakeAll);
      }
    }
  };
  const wakeAll = new Set<() => void>();
  const reading = positions.map((position) => read(position).catch(reject));
  return {
    failed,
    stop: async () => {
      stopped = true;
      for (const wake of wakeAll) wake();
      await Promise.all(reading);
    },
  };
};

const sleepUntilWoken = (wakers: Set<() => void>, wakeAll: Set<() => void>): Promise<void> =>
  new Promise((resolve) => {
    const wake = (): void => {
      wakers.delete(wake);
      wakeAll.delete(wake);
      resolve();
    };
    wakers.add(wake);
    wakeAll.add(wake);
  });
