/**
 * Reading on from given offsets, on @platformatic/kafka, by plain fetches: we keep our offsets with our state, so a group
 * would only be a way to lose them.
 *
 * A cursor moves only when the reader has taken the fetched records, and is in one fetch at most (fetch-plan.ts): so no
 * record comes twice or is skipped, whatever fails and wherever the leader moves. After an error the tail asks the brokers
 * again who leads, without limit.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterMetadata, Consumer } from '@platformatic/kafka';
import type { Logger } from '../../process/logger.ts';
import { createTrouble } from '../../process/trouble.ts';
import { settledWithin } from '../../process/timeout.ts';
import type { Linger } from '../linger.ts';
import type { LogPosition, OnRecords, Tail, TopicDescription } from '../event-log.ts';
import { answerInTime, StuckError } from '../kafka-limit.ts';
import { TOPIC_GONE_AFTER_MS } from '../kafka-timeouts.ts';
import { anotherTopic, beginningOf, topicGone } from '../log-beginning.ts';
import { closeClient } from './client.ts';
import { fetchRequest, isSessionLost, partitionsOf, responseOf, type FetchResponse } from './fetch.ts';
import { planFetches, type PlannedFetch, type TailCursor } from './fetch-plan.ts';
import { recordsOf } from './records.ts';
import { fetchTopicId, isUnknownTopic } from './topics.ts';

/** A reader that takes longer does not hold up the other partitions of its broker. */
const SLOW_AFTER_MS = 50;
const RETRY_DELAY_MS = 250;
const RETRY_DELAY_MAX_MS = 2_000;

export interface TailParts {
  /** Closed at the end. */
  readonly reader: Consumer;
  readonly describeTopic: (topic: string) => Promise<TopicDescription | undefined>;
  readonly logger: Logger;
}

export const tailPlatformatic = async (
  parts: TailParts,
  positions: readonly LogPosition[],
  onRecords: OnRecords,
  linger: Linger,
): Promise<Tail> => {
  try {
    const cursors = await cursorsOf(positions, parts.describeTopic);
    for (const [index, { topic, partition, next }] of cursors.entries())
      if (next > positions[index]!.offset) await onRecords(topic, partition, [], next);
    return tailCursors(parts, cursors, onRecords, linger);
  } catch (error) {
    await closeClient(parts.reader);
    throw error;
  }
};

/** Throws OffsetGoneError. */
const cursorsOf = async (
  positions: readonly LogPosition[],
  describeTopic: TailParts['describeTopic'],
): Promise<TailCursor[]> => {
  const topics = new Map<string, TopicDescription>();
  for (const topic of new Set(positions.map((position) => position.topic))) {
    const description = await describeTopic(topic);
    if (description === undefined) throw new Error(`there is no topic ${topic}`);
    topics.set(topic, description);
  }
  return positions.map((position): TailCursor => {
    const { topic, partition } = position;
    const description = topics.get(topic)!;
    const next = beginningOf(position, description);
    return { topic, partition, next, topicId: description.id, state: 'idle' };
  });
};

const tailCursors = (
  { reader, logger }: TailParts,
  cursors: readonly TailCursor[],
  onRecords: OnRecords,
  linger: Linger,
): Tail => {
  const topics = [...new Set(cursors.map(({ topic }) => topic))];
  reader.topics.trackAll(...topics);
  const trouble = createTrouble(logger, 'reading from Kafka fails, trying again until it works');
  let awaySince: number | undefined;
  let delay = RETRY_DELAY_MS;
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  const fetching = new Set<number>();
  let stopped = false;
  let change = Promise.withResolvers<void>();

  const fail = (cursor: TailCursor, error: unknown): void => {
    cursor.state = 'failed';
    reject(error);
  };

  const run = async (): Promise<void> => {
    while (!stopped) {
      change = Promise.withResolvers();
      try {
        startFetches(await answerInTime('who leads', reader.metadata({ topics: [...topics] })));
      } catch (error) {
        await complain(error);
        continue;
      }
      await change.promise;
    }
  };

  const startFetches = ({ topics: leaders }: ClusterMetadata): void => {
    const { fetches, replaced } = planFetches(cursors, leaders, fetching);
    for (const cursor of replaced) fail(cursor, anotherTopic(cursor.topic));
    for (const fetch of fetches) if (!stopped) void fetchFrom(fetch);
  };

  const fetchFrom = async ({ node, cursors: asked, waitMs }: PlannedFetch): Promise<void> => {
    fetching.add(node);
    for (const cursor of asked) cursor.state = 'fetching';
    let reading: readonly Promise<void>[] = [];
    let records = 0;
    let fault: unknown;
    try {
      const request = reader.fetch(fetchRequest(node, asked, waitMs));
      const response = await answerInTime('reading', request).catch(responseOf);
      ({ reading, records, fault } = take(response, asked));
    } catch (error) {
      fault = error;
    }
    // At once, and only what this fetch still holds: from here on another one may have them.
    for (const cursor of asked) if (cursor.state === 'fetching') cursor.state = 'idle';
    if (reading.length > 0) await settledWithin(Promise.all(reading), SLOW_AFTER_MS);
    if (records > 1) await sleep(linger());
    if (fault === undefined) {
      trouble.over();
      awaySince = undefined;
      delay = RETRY_DELAY_MS;
    } else await recover(fault);
    fetching.delete(node);
    change.resolve();
  };

  const recover = async (fault: unknown): Promise<void> => {
    await complain(fault);
    const asking = reader.metadata({ topics: [...topics], forceUpdate: true });
    await answerInTime('who leads', asking).catch(complain);
  };

  /** And waits, longer each time. */
  const complain = async (error: unknown): Promise<void> => {
    if (stopped) return;
    if (error instanceof StuckError) reject(error);
    trouble.met(error, { topics });
    if (isUnknownTopic(error)) await giveUpIfGone();
    await sleep(delay);
    delay = Math.min(2 * delay, RETRY_DELAY_MAX_MS);
  };
  /** A broker that has just started may not know a topic yet. */
  const giveUpIfGone = async (): Promise<void> => {
    awaySince ??= performance.now();
    if (performance.now() - awaySince < TOPIC_GONE_AFTER_MS) return;
    for (const topic of topics)
      if ((await fetchTopicId(reader, topic).catch(() => '')) === undefined) reject(topicGone(topic));
  };

  /** `fault`: something that has to be asked again. */
  const take = (
    response: FetchResponse,
    asked: readonly TailCursor[],
  ): { reading: Promise<void>[]; records: number; fault: Error | undefined } => {
    const reading: Promise<void>[] = [];
    let count = 0;
    let fault: Error | undefined;
    if (stopped || isSessionLost(response)) return { reading, records: count, fault };
    for (const { cursor, batches, error, isFinal } of partitionsOf(response, asked)) {
      if (isFinal) fail(cursor, error);
      else if (error !== undefined) fault = error;
      else {
        const { records, end } = recordsOf(cursor.partition, cursor.next, batches);
        if (end > cursor.next) reading.push(read(cursor, records, end));
        count += records.length;
      }
    }
    return { reading, records: count, fault };
  };

  const read = async (cursor: TailCursor, records: Parameters<OnRecords>[2], end: number): Promise<void> => {
    cursor.state = 'reading';
    try {
      await onRecords(cursor.topic, cursor.partition, records, end);
      cursor.next = end;
      cursor.state = 'idle';
    } catch (error) {
      fail(cursor, error);
    }
    change.resolve();
  };

  void run();
  return {
    failed,
    trouble: trouble.present,
    stop: async () => {
      stopped = true;
      change.resolve();
      await closeClient(reader);
    },
  };
};
