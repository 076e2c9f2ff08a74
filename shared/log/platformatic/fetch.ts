/** What is asked of a broker in one fetch, and its answer, partition by partition. */
import { FetchIsolationLevels, ResponseError, type Consumer, type RecordsBatch } from '@platformatic/kafka';
import { OffsetGoneError } from '../event-log.ts';
import { brokerError } from '../kafka-errors.ts';

/** How far one partition is read. */
export interface Cursor {
  readonly topic: string;
  readonly partition: number;
  /** The next offset to read. */
  next: number;
  /** Kafka's id of the topic, once it is known; another topic of the same name has another one. */
  topicId: string | undefined;
}

export type FetchRequest = Parameters<Consumer['fetch']>[0];
export type FetchResponse = Awaited<ReturnType<Consumer['fetch']>>;

export interface FetchedPartition<C> {
  readonly cursor: C;
  readonly batches: readonly RecordsBatch[];
  readonly error: Error | undefined;
  /** To ask again is of no use. */
  readonly isFinal: boolean;
}

/** It has to arrive within REQUEST_TIMEOUT_MS, over a slow link too. */
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_BYTES_PER_PARTITION = 1024 * 1024;
/** We compare no leader epochs: a broker that leads no more says so, and one that is cut off has nothing new. */
const NO_EPOCH = -1;

const SESSION_ERRORS = new Set([
  'FETCH_SESSION_ID_NOT_FOUND',
  'INVALID_FETCH_SESSION_EPOCH',
  'FETCH_SESSION_TOPIC_ID_ERROR',
]);

/** `waitMs`: how long the broker waits for news when it has none. */
export const fetchRequest = (node: number, cursors: readonly Cursor[], waitMs: number): FetchRequest => ({
  node,
  topics: [...Map.groupBy(cursors, ({ topicId }) => topicId!)].map(([topicId, ofTopic]) => ({
    topicId,
    partitions: ofTopic.map(({ partition, next }) => ({
      partition,
      fetchOffset: BigInt(next),
      currentLeaderEpoch: NO_EPOCH,
      lastFetchedEpoch: NO_EPOCH,
      partitionMaxBytes: MAX_BYTES_PER_PARTITION,
    })),
  })),
  minBytes: 1,
  maxBytes: MAX_BYTES,
  maxWaitTime: waitMs,
  isolationLevel: FetchIsolationLevels.READ_UNCOMMITTED,
});

/** The client throws the whole response when one partition has an error. Rethrows what carries no response. */
export const responseOf = (error: unknown): FetchResponse => {
  if (error instanceof ResponseError && error['response'] !== undefined) {
    return error['response'] as FetchResponse;
  }
  throw error;
};

/** The broker forgot what it was asked before, and answered nothing. The client begins anew with the next fetch. */
export const isSessionLost = ({ errorCode }: FetchResponse): boolean =>
  SESSION_ERRORS.has(errorName(errorCode));

/** Partitions without news may be missing. Throws when the broker refused the whole request. */
export const partitionsOf = <C extends Cursor>(
  { errorCode, responses }: FetchResponse,
  cursors: readonly C[],
): FetchedPartition<C>[] => {
  if (errorCode !== 0) throw new Error(`the broker answers ${errorName(errorCode)}`);
  const found: FetchedPartition<C>[] = [];
  for (const { topicId, partitions } of responses) {
    for (const { partitionIndex, errorCode, records, logStartOffset } of partitions) {
      const cursor = cursors.find((one) => one.partition === partitionIndex && one.topicId === topicId);
      if (cursor === undefined) continue;
      found.push({
        cursor,
        batches: records ?? [],
        error: errorCode === 0 ? undefined : errorOf(errorCode, cursor, logStartOffset),
        isFinal: brokerError(errorCode).name === OUT_OF_RANGE || brokerError(errorCode).kind === 'fatal',
      });
    }
  }
  return found;
};

const OUT_OF_RANGE = 'OFFSET_OUT_OF_RANGE';

const errorOf = (code: number, { topic, partition, next }: Cursor, logStart: bigint): Error =>
  brokerError(code).name === OUT_OF_RANGE
    ? new OffsetGoneError(
        logStart > next
          ? `${topic}/${partition} begins at offset ${logStart}, and ${next} is wanted: its first records are gone`
          : `${topic}/${partition} does not have the offset ${next}`,
      )
    : new Error(`the broker answers ${errorName(code)} for ${topic}/${partition}`);

const errorName = (code: number): string => brokerError(code).name;
