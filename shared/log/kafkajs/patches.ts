/**
 * What kafkajs 2.2.4 does not do by itself, put into its own modules, once per process. It is no longer maintained, so they
 * stay as they are.
 */
import { createRequire } from 'node:module';
import { fetchProgress } from './progress.ts';

const require = createRequire(import.meta.url);
let isPatched = false;

export const patchKafkajs = (): void => {
  if (isPatched) return;
  isPatched = true;
  sleepWhenNothingIsPending();
  readUpToTheHighWatermark();
  tellWhatBecameOfRecords();
  tellProgress();
};

interface RequestQueue {
  pending: unknown[];
  throttledUntil: number;
  scheduleCheckPendingRequests(): void;
}

/** kafkajs#1751: an idle connection wakes every millisecond, because `throttledUntil` starts at -1. */
const sleepWhenNothingIsPending = (): void => {
  const { prototype } = require('kafkajs/src/network/requestQueue') as { prototype: RequestQueue };
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this);
  };
};

interface ProducedTopic {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly messages: readonly object[] }[];
}
interface ProduceResponse {
  readonly topics: readonly {
    readonly topicName: string;
    readonly partitions: readonly { partition: number; errorCode: number; baseOffset: string }[];
  }[];
}
interface Broker {
  produce(request: { topicData: readonly ProducedTopic[] }): Promise<ProduceResponse>;
  listOffsets(request: object): Promise<unknown>;
}

const READ_UNCOMMITTED = 0;

/** The client asks for the last stable offset, which a stranger's open transaction holds back behind what we have acknowledged. */
const readUpToTheHighWatermark = (): void => {
  const { prototype } = require('kafkajs/src/broker') as { prototype: Broker };
  const { listOffsets } = prototype;
  prototype.listOffsets = function (this: Broker, request) {
    return listOffsets.call(this, { ...request, isolationLevel: READ_UNCOMMITTED });
  };
};

/** Of one message object that was given to `sendBatch`. Undefined: it was never sent. */
export type MessageFate =
  | { readonly state: 'sent' }
  | { readonly state: 'stored'; readonly offset: number }
  | { readonly state: 'refused'; readonly errorCode: number };

const fates = new WeakMap<object, MessageFate>();
export const fateOf = (message: object): MessageFate | undefined => fates.get(message);

/**
 * The client throws the first error in an answer and loses the results of the other partitions; an error in a later step
 * hides the first one. So this patch notes per message what was sent and what was answered.
 */
const tellWhatBecameOfRecords = (): void => {
  const responses = new WeakMap<object, ProduceResponse>();
  for (const version of [3, 4, 5, 6, 7]) {
    const response = require(`kafkajs/src/protocol/requests/produce/v${version}/response`) as {
      parse(data: ProduceResponse): Promise<ProduceResponse>;
    };
    const { parse } = response;
    response.parse = async (data) => {
      try {
        return await parse(data);
      } catch (error) {
        responses.set(error as object, data);
        throw error;
      }
    };
  }
  const { prototype } = require('kafkajs/src/broker') as { prototype: Broker };
  const { produce } = prototype;
  prototype.produce = async function (this: Broker, request) {
    const { topicData } = request;
    const all = topicData.flatMap(({ partitions }) => partitions.flatMap(({ messages }) => messages));
    for (const message of all) fates.set(message, { state: 'sent' });
    try {
      const response = await produce.call(this, request);
      noteAnswer(topicData, response);
      return response;
    } catch (error) {
      const response = responses.get(error as object);
      if (response !== undefined) noteAnswer(topicData, response);
      else if (isConnectFailure(error)) for (const message of all) fates.delete(message);
      throw error;
    }
  };
};

const noteAnswer = (topicData: readonly ProducedTopic[], { topics }: ProduceResponse): void => {
  for (const { topic, partitions } of topicData) {
    const answers = topics.find(({ topicName }) => topicName === topic)?.partitions ?? [];
    for (const { partition, messages } of partitions) {
      const answer = answers.find((one) => one.partition === partition);
      if (answer === undefined) continue;
      const { errorCode, baseOffset } = answer;
      messages.forEach((message, index) =>
        fates.set(
          message,
          errorCode === 0
            ? { state: 'stored', offset: Number(baseOffset) + index }
            : { state: 'refused', errorCode },
        ),
      );
    }
  }
};

/** The connection did not come about, so nothing went over it. */
const isConnectFailure = (error: unknown): boolean => {
  if (!(error instanceof Error) || error.name !== 'KafkaJSConnectionError') return false;
  const code = 'code' in error ? String(error.code) : '';
  return CONNECT_CODES.has(code) || error.message === 'Connection timeout';
};
const CONNECT_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

export interface BatchProgress {
  /** The offset from which reading goes on behind the batch. */
  readonly next: number;
  /** The first offset that the partition still has. */
  readonly logStart: number;
}

interface FetchedPartition {
  readonly partition: number;
  readonly messages: object;
}
interface PatchedBatch {
  fetchedOffset: string;
  rawMessages: object;
  messages: readonly unknown[];
  isEmpty(): boolean;
  isEmptyDueToFiltering(): boolean;
  lastOffset(): string;
}

const progresses = new WeakMap<object, BatchProgress>();

/** Undefined when the broker is too old to tell. */
export const progressOf = (batch: object): BatchProgress | undefined =>
  progresses.get((batch as PatchedBatch).rawMessages);

/**
 * The client advances by the records that it sees: an empty batch (compaction leaves such) stops it for ever, and it passes
 * over markers silently. This patch takes the end offset from each batch itself, and hands a batch that moves the cursor to
 * the reader even without records.
 */
const tellProgress = (): void => {
  const response = require('kafkajs/src/protocol/requests/fetch/v11/response') as {
    decode(raw: Buffer): Promise<{ responses: { topicName: string; partitions: FetchedPartition[] }[] }>;
  };
  const { decode } = response;
  response.decode = async (raw) => {
    const decoded = await decode(raw);
    const places = fetchProgress(raw);
    for (const { topicName, partitions } of decoded.responses)
      for (const { partition, messages } of partitions) {
        const progress = places.get(`${topicName}/${partition}`);
        if (progress !== undefined) progresses.set(messages, progress);
      }
    return decoded;
  };

  const { prototype } = require('kafkajs/src/consumer/batch') as { prototype: PatchedBatch };
  const { isEmpty, isEmptyDueToFiltering, lastOffset } = prototype;
  const hasMoved = (batch: PatchedBatch): boolean | undefined => {
    const progress = progressOf(batch);
    return progress === undefined ? undefined : progress.next > Number(batch.fetchedOffset);
  };
  prototype.isEmpty = function (this: PatchedBatch) {
    return isEmpty.call(this) && hasMoved(this) !== true;
  };
  prototype.isEmptyDueToFiltering = function (this: PatchedBatch) {
    return hasMoved(this) === undefined && isEmptyDueToFiltering.call(this);
  };
  prototype.lastOffset = function (this: PatchedBatch) {
    return hasMoved(this) === true ? String(progressOf(this)!.next - 1) : lastOffset.call(this);
  };
};
