/**
 * Plans the next fetch of each broker. Pure. Each broker has at most one fetch at a time, for the idle partitions that it
 * leads: a cursor is in one fetch or with the reader, never in both and never in two fetches.
 */
import type { Cursor } from './fetch.ts';

/** failed: never asked for again. */
export interface TailCursor extends Cursor {
  state: 'idle' | 'fetching' | 'reading' | 'failed';
}

/** What the brokers say of the topics, by name. */
export type TopicLeaders = ReadonlyMap<
  string,
  { readonly id: string; readonly partitions: Readonly<Record<number, { readonly leader: number }>> }
>;

export interface PlannedFetch {
  /** Id of the broker. */
  readonly node: number;
  readonly cursors: readonly TailCursor[];
  /** How long the broker waits for news when it has none. */
  readonly waitMs: number;
}

export interface FetchPlan {
  readonly fetches: readonly PlannedFetch[];
  /** Their topic is another one than at first. */
  readonly replaced: readonly TailCursor[];
}

/** A fetch waits this long for news … */
export const FETCH_WAIT_MS = 500;
/** … and this long while a partition that is with its reader waits to be in the next one. */
export const SHORT_FETCH_WAIT_MS = 50;

/** `busy`: ids of the brokers at which a fetch is under way. */
export const planFetches = (
  cursors: readonly TailCursor[],
  topics: TopicLeaders,
  busy: ReadonlySet<number>,
): FetchPlan => {
  const idle = cursors.filter(({ state }) => state === 'idle');
  const isReplaced = ({ topic, topicId }: TailCursor): boolean => topics.get(topic)!.id !== topicId;
  const leaderOf = ({ topic, partition }: TailCursor): number =>
    topics.get(topic)!.partitions[partition]!.leader;
  const byLeader = Map.groupBy(
    idle.filter((cursor) => !isReplaced(cursor)),
    leaderOf,
  );
  const waitMs = cursors.some(({ state }) => state === 'reading') ? SHORT_FETCH_WAIT_MS : FETCH_WAIT_MS;
  return {
    fetches: [...byLeader]
      .filter(([node]) => !busy.has(node))
      .map(([node, asked]) => ({ node, cursors: asked, waitMs })),
    replaced: idle.filter(isReplaced),
  };
};
