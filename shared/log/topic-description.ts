/** A topic's id and offsets, of one and the same topic: another one may be created under its name between two questions. */
import type { TopicDescription } from './event-log.ts';

export interface OffsetRange {
  /** The first offset that is still there. */
  readonly low: number;
  /** The next one: the high watermark. */
  readonly high: number;
}

const TRIES_MAX = 5;

export const stableDescription =
  (
    idOf: (topic: string) => Promise<string | undefined>,
    rangesOf: (topic: string) => Promise<readonly OffsetRange[]>,
  ) =>
  async (topic: string): Promise<TopicDescription | undefined> => {
    for (let tries = 1; ; tries++) {
      const id = await idOf(topic);
      if (id === undefined) return undefined;
      let ranges: readonly OffsetRange[] = [];
      let fault: unknown;
      try {
        ranges = await rangesOf(topic);
      } catch (error) {
        fault = error;
      }
      const after = await idOf(topic);
      if (after === undefined) return undefined;
      if (fault !== undefined && after === id) throw fault;
      if (after === id)
        return { id, begins: ranges.map(({ low }) => low), ends: ranges.map(({ high }) => high) };
      if (tries >= TRIES_MAX) throw new Error(`the topic ${topic} is created again and again`);
    }
  };
