/**
 * The offsets of a topic: one request to each leader; the client already knows the leaders. Waits for a leader that is not
 * elected yet or has just moved.
 */
import { ListOffsetTimestamps, type Consumer } from '@platformatic/kafka';
import { answerInTime, retryFor } from '../kafka-limit.ts';
import { CONNECT_PATIENCE_MS } from '../kafka-timeouts.ts';
import type { OffsetRange } from '../topic-description.ts';

/** The high watermarks in the order of the partitions, each of a moment after the call. */
export const fetchEndOffsets = (reader: Consumer, topic: string): Promise<number[]> =>
  listOffsets(reader, topic, ListOffsetTimestamps.LATEST);

/** In the order of the partitions. */
export const fetchOffsetRanges = async (reader: Consumer, topic: string): Promise<OffsetRange[]> => {
  const [lows, highs] = await Promise.all([
    listOffsets(reader, topic, ListOffsetTimestamps.EARLIEST),
    listOffsets(reader, topic, ListOffsetTimestamps.LATEST),
  ]);
  return lows.map((low, partition) => ({ low, high: highs[partition]! }));
};

const listOffsets = (reader: Consumer, topic: string, timestamp: bigint): Promise<number[]> =>
  retryFor(CONNECT_PATIENCE_MS, async () => {
    const found = (
      await answerInTime(`the offsets of ${topic}`, reader.listOffsets({ topics: [topic], timestamp }))
    ).get(topic);
    // A plain array of the client may have holes.
    return Array.from(found ?? [], (offset: bigint | undefined, partition) => {
      if (offset === undefined)
        throw new Error(`the broker did not tell the offset of ${topic}/${partition}`);
      return Number(offset);
    });
  });
