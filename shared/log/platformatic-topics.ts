/** Creating topics and looking them up, through @platformatic/kafka. */
import { findErrorBy, type Admin, type Consumer } from '@platformatic/kafka';
import type { TopicSpec } from './event-log.ts';
import { inTime, retryFor } from './platformatic-client.ts';
import { fetchEndOffsets } from './platformatic-offsets.ts';

/** A topic that was just created is not known at once. */
const PATIENCE_MS = 2_000;

/** Resolves when the leaders work. */
export const createTopics = async (
  admin: Admin,
  offsets: Consumer,
  specs: readonly TopicSpec[],
  replicationFactor: number,
): Promise<void> => {
  const existing = new Set(await listTopics(admin));
  for (const { topic, partitions, settings } of specs) {
    if (existing.has(topic)) continue;
    const configs = Object.entries(settings).map(([name, value]) => ({ name, value }));
    try {
      await inTime(admin.createTopics({ topics: [topic], partitions, replicas: replicationFactor, configs }));
    } catch (error) {
      // Somebody else created it at the same time.
      if (findErrorBy(error as Error, 'apiId', 'TOPIC_ALREADY_EXISTS') === null) throw error;
    }
  }
  for (const { topic, partitions } of specs) {
    const found = await partitionsOf(admin, topic);
    if (found !== partitions)
      throw new Error(`the topic ${topic} has ${found} partitions, not ${partitions}`);
    // A leader is named before it knows that it is one.
    await fetchEndOffsets(offsets, topic);
  }
};

export const countPartitions = async (admin: Admin, topic: string): Promise<number | undefined> =>
  (await listTopics(admin)).includes(topic) ? partitionsOf(admin, topic) : undefined;

const listTopics = (admin: Admin): Promise<string[]> =>
  retryFor(PATIENCE_MS, () => inTime(admin.listTopics()));

const partitionsOf = (admin: Admin, topic: string): Promise<number> =>
  retryFor(PATIENCE_MS, async () => {
    const { topics } = await inTime(admin.metadata({ topics: [topic], forceUpdate: true }));
    return topics.get(topic)!.partitionsCount;
  });
