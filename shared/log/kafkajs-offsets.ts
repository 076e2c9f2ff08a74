/** The offsets that the broker has of a topic. The client gives up at once on errors that pass; here they may. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';

export interface OffsetRange {
  readonly partition: number;
  /** The first offset that is still there. */
  readonly low: number;
  /** The next one: the last stable offset, which without transactions is the high watermark. */
  readonly high: number;
}

const ATTEMPTS = 40;
const RETRY_DELAY_MS = 50;

/** In the order of the partitions. A leader that is not elected yet, or has just moved, is waited for: some 2 s. */
export const fetchOffsets = async (admin: Admin, topic: string): Promise<OffsetRange[]> => {
  for (let attempt = 1; ; attempt++) {
    try {
      const ranges = await admin.fetchTopicOffsets(topic);
      return ranges
        .map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }))
        .toSorted((a, b) => a.partition - b.partition);
    } catch (error) {
      if (attempt >= ATTEMPTS || !passes(error)) throw error;
      await sleep(RETRY_DELAY_MS);
    }
  }
};

/** After a topic was created its leaders may not be there yet. */
const passes = (error: unknown): boolean =>
  error instanceof Error &&
  'type' in error &&
  ['NOT_LEADER_FOR_PARTITION', 'LEADER_NOT_AVAILABLE', 'UNKNOWN_TOPIC_OR_PARTITION'].includes(
    String(error.type),
  );
