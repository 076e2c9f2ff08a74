/** The log in memory: for the embedded mode and for tests. It keeps nothing when the process ends. */
import { randomUUID } from 'node:crypto';
import type { EventLog, LogPosition, LogRecord, OnRecords, Tail, TopicDescription } from './event-log.ts';
import { anotherTopic, beginningOf, topicGone } from './log-beginning.ts';

interface Partition {
  /** From `begin` on. */
  readonly records: LogRecord[];
  begin: number;
  readonly wakers: Set<() => void>;
}

interface Topic {
  readonly id: string;
  readonly partitions: readonly Partition[];
}

/** What an operator can do to a log beside what the seam says. */
export interface MemoryLog extends EventLog {
  deleteTopic(topic: string): void;
  /** Deletes what lies before `offset`. */
  deleteRecords(topic: string, partition: number, offset: number): void;
  /** Appends a record without a value. */
  appendTombstone(topic: string, partition: number, key: string): void;
}

/** As many records as one read of a tail gets. */
const BATCH_RECORDS_MAX = 1000;

export const createMemoryLog = (): MemoryLog => {
  const topics = new Map<string, Topic>();

  const partitionOf = (topic: string, partition: number): Partition => {
    const found = topics.get(topic)?.partitions[partition];
    if (found === undefined) throw new Error(`there is no partition ${partition} of the topic ${topic}`);
    return found;
  };
  const put = (topic: string, record: Omit<LogRecord, 'offset'>): number => {
    const to = partitionOf(topic, record.partition);
    const offset = endOf(to);
    to.records.push({ ...record, offset });
    wakeAll(to);
    return offset;
  };
  const describe = (topic: string): TopicDescription | undefined => {
    const found = topics.get(topic);
    if (found === undefined) return undefined;
    const { id, partitions } = found;
    return { id, begins: partitions.map(({ begin }) => begin), ends: partitions.map(endOf) };
  };

  return {
    createTopics: async (specs) => {
      for (const { topic, partitions } of specs) {
        const existing = topics.get(topic);
        if (existing === undefined) topics.set(topic, newTopic(partitions));
        else if (existing.partitions.length !== partitions)
          throw new Error(
            `the topic ${topic} has ${existing.partitions.length} partitions, not ${partitions}`,
          );
      }
    },
    partitions: async (topic) => topics.get(topic)?.partitions.length,
    describeTopic: async (topic) => describe(topic),
    append: async (topic, record) => put(topic, record),
    tail: async (positions, onRecords) => tailMemory(topics, positions, onRecords, describe),
    endOffsets: async (topic) => [...(describe(topic)?.ends ?? [])],
    close: async () => undefined,
    deleteTopic: (topic) => {
      const deleted = topics.get(topic);
      topics.delete(topic);
      for (const partition of deleted?.partitions ?? []) wakeAll(partition);
    },
    deleteRecords: (topic, partition, offset) => {
      const from = partitionOf(topic, partition);
      from.records.splice(0, offset - from.begin);
      from.begin = Math.max(from.begin, offset);
      wakeAll(from);
    },
    appendTombstone: (topic, partition, key) => {
      put(topic, { partition, key, value: Buffer.alloc(0), timestamp: 0, isTombstone: true });
    },
  };
};

const newTopic = (partitions: number): Topic => ({
  id: randomUUID(),
  partitions: Array.from({ length: partitions }, () => ({
    records: [],
    begin: 0,
    wakers: new Set<() => void>(),
  })),
});

const endOf = ({ begin, records }: Partition): number => begin + records.length;

const wakeAll = ({ wakers }: Partition): void => {
  for (const wake of wakers) wake();
};

const tailMemory = (
  topics: ReadonlyMap<string, Topic>,
  positions: readonly LogPosition[],
  onRecords: OnRecords,
  describe: (topic: string) => TopicDescription | undefined,
): Tail => {
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  let stopped = false;
  const sleepers = new Set<() => void>();

  const read = async (position: LogPosition): Promise<void> => {
    const { topic, partition } = position;
    const description = describe(topic);
    if (description === undefined)
      throw new Error(`there is no partition ${partition} of the topic ${topic}`);
    let next = beginningOf(position, description);
    if (next > position.offset) await onRecords(topic, partition, [], next);
    while (!stopped) {
      const now = topics.get(topic);
      if (now === undefined) throw topicGone(topic);
      if (now.id !== description.id) throw anotherTopic(topic);
      const from = now.partitions[partition]!;
      if (next < from.begin) beginningOf({ topic, partition, offset: next }, describe(topic)!);
      if (next < endOf(from)) {
        const batch = from.records.slice(next - from.begin, next - from.begin + BATCH_RECORDS_MAX);
        next += batch.length;
        await onRecords(topic, partition, batch, next);
      } else {
        await sleepUntilWoken(from.wakers, sleepers);
      }
    }
  };
  const reading = positions.map((position) => read(position).catch(reject));
  return {
    failed,
    stop: async () => {
      stopped = true;
      for (const wake of sleepers) wake();
      await Promise.all(reading);
    },
  };
};

const sleepUntilWoken = (wakers: Set<() => void>, sleepers: Set<() => void>): Promise<void> =>
  new Promise((resolve) => {
    const wake = (): void => {
      wakers.delete(wake);
      sleepers.delete(wake);
      resolve();
    };
    wakers.add(wake);
    sleepers.add(wake);
  });
