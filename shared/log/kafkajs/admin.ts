/** Requests to the cluster through kafkajs. A failed admin is thrown away: it keeps every topic that it once asked about. */
import type { Admin, Kafka, RetryOptions } from 'kafkajs';
import { retryFor } from '../kafka-limit.ts';
import { CONNECT_PATIENCE_MS } from '../kafka-timeouts.ts';
import { NO_RETRY } from './client.ts';
import { renewable, type Renewable } from './renewable.ts';
import type { OffsetRange } from '../topic-description.ts';

export type RenewableAdmin = Renewable<Admin>;

export const renewableAdmin = (kafka: Kafka, retry: RetryOptions = NO_RETRY): RenewableAdmin =>
  renewable(() => kafka.admin({ retry }));

export interface TopicOffsets {
  /** In the order of the partitions. A leader that is not elected yet, or has just moved, is waited for. */
  of(topic: string): Promise<OffsetRange[]>;
  close(): Promise<void>;
}

/** An admin asks again about every topic that it was ever asked about, and fails when one of them is away: so each has its own. */
export const kafkajsOffsets = (kafka: Kafka): TopicOffsets => {
  const admins = new Map<string, RenewableAdmin>();
  return {
    of: async (topic) => {
      const admin = admins.get(topic) ?? renewableAdmin(kafka);
      admins.set(topic, admin);
      const ranges = await retryFor(CONNECT_PATIENCE_MS, () =>
        admin.ask(`the offsets of ${topic}`, (connected) => connected.fetchTopicOffsets(topic)),
      );
      return ranges
        .toSorted((a, b) => a.partition - b.partition)
        .map(({ low, high }) => ({ low: Number(low), high: Number(high) }));
    },
    close: async () => {
      await Promise.all([...admins.values()].map((admin) => admin.close()));
    },
  };
};
