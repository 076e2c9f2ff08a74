/** Questions to the cluster through kafkajs. An admin that failed is thrown away, as it stays with what it once asked about. */
import type { Admin, Kafka, RetryOptions } from 'kafkajs';
import { withTimeout } from '../process/with-timeout.ts';
import { answerInTime, retryFor } from './kafka-limit.ts';
import { CONNECT_PATIENCE_MS, DISCONNECT_TIMEOUT_MS } from './kafka-timeouts.ts';
import { NO_RETRY } from './kafkajs-client.ts';
import type { OffsetRange } from './topic-description.ts';

export interface RenewableAdmin {
  /** `what` names the question in an error. */
  ask<T>(what: string, question: (admin: Admin) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export const renewableAdmin = (kafka: Kafka, retry: RetryOptions = NO_RETRY): RenewableAdmin => {
  let current: Promise<Admin> | undefined;

  const connect = async (): Promise<Admin> => {
    const admin = kafka.admin({ retry });
    try {
      await answerInTime('connecting', admin.connect());
      return admin;
    } catch (error) {
      // A broker that accepts and does not answer leaves a socket open.
      await disconnect(admin);
      throw error;
    }
  };
  const discard = async (used: Promise<Admin> | undefined): Promise<void> => {
    if (used !== undefined && used === current) current = undefined;
    const admin = await used?.catch(() => undefined);
    if (admin !== undefined) await disconnect(admin);
  };

  return {
    ask: async (what, question) => {
      const used = (current ??= connect());
      try {
        return await answerInTime(what, question(await used));
      } catch (error) {
        void discard(used);
        throw error;
      }
    },
    close: () => discard(current),
  };
};

const disconnect = async (admin: Admin): Promise<void> => {
  await withTimeout(
    admin.disconnect().catch(() => undefined),
    DISCONNECT_TIMEOUT_MS,
  );
};

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
