/**
 * Reading on from given offsets, on @platformatic/kafka, by plain fetches: we keep our offsets with our state, so a group
 * would only be a way to lose them.
 *
 * At any moment there is at most one fetch at each broker, of the partitions that it leads and that nobody works on. A
 * place is in one fetch or with the reader, never in both nor in two, and moves only when the reader has taken what was
 * fetched: so nothing comes twice or is skipped, whatever fails and wherever the leader moves. After an error the brokers
 * are asked anew who leads, for ever.
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
import { anotherTopic, beginningOf, topicGone } from '../log-places.ts';
import { closeClient } from './client.ts';
import {
  fetchRequest,
  isSessionLost,
  partitionsOf,
  responseOf,
  type FetchPlace,
  type FetchResponse,
} from './fetch.ts';
import { recordsOf } from './records.ts';
import { fetchTopicId, isUnknownTopic } from './topics.ts';

/** A fetch waits this long for news … */
const FETCH_WAIT_MS = 500;
/** … and this long while a partition that is with its reader waits to be in the next one. */
const SHORT_FETCH_WAIT_MS = 50;
/** A reader that takes longer does not hold up the other partitions of its broker. */
const SLOW_AFTER_MS = 50;
const RETRY_DELAY_MS = 250;
const RETRY_DELAY_MAX_MS = 2_000;

interface Place extends FetchPlace {
  state: 'idle' | 'fetching' | 'reading' | 'failed';
}

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
    const places = await placesOf(positions, parts.describeTopic);
    for (const [index, { topic, partition, next }] of places.entries())
      if (next > positions[index]!.offset) await onRecords(topic, partition, [], next);
    return tailPlaces(parts, places, onRecords, linger);
  } catch (error) {
    await closeClient(parts.reader);
    throw error;
  }
};

/** Throws OffsetGoneError. */
const placesOf = async (
  positions: readonly LogPosition[],
  describeTopic: TailParts['describeTopic'],
): Promise<Place[]> => {
  const topics = new Map<string, TopicDescription>();
  for (const topic of new Set(positions.map((position) => position.topic))) {
    const description = await describeTopic(topic);
    if (description === undefined) throw new Error(`there is no topic ${topic}`);
    topics.set(topic, description);
  }
  return positions.map((position): Place => {
    const { topic, partition } = position;
    const description = topics.get(topic)!;
    const next = beginningOf(position, description);
    return { topic, partition, next, topicId: description.id, state: 'idle' };
  });
};

const tailPlaces = (
  { reader, logger }: TailParts,
  places: readonly Place[],
  onRecords: OnRecords,
  linger: Linger,
): Tail => {
  const topics = [...new Set(places.map(({ topic }) => topic))];
  reader.topics.trackAll(...topics);
  const trouble = createTrouble(logger, 'reading from Kafka fails, trying again until it works');
  let awaySince: number | undefined;
  let delay = RETRY_DELAY_MS;
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  const fetching = new Set<number>();
  let stopped = false;
  let change = Promise.withResolvers<void>();

  const fail = (place: Place, error: unknown): void => {
    place.state = 'failed';
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

  const startFetches = (metadata: ClusterMetadata): void => {
    const byLeader = new Map<number, Place[]>();
    for (const place of places) {
      if (place.state !== 'idle') continue;
      const { id, partitions } = metadata.topics.get(place.topic)!;
      if (place.topicId !== id) {
        fail(place, anotherTopic(place.topic));
        continue;
      }
      const { leader } = partitions[place.partition]!;
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), place]);
    }
    for (const [node, asked] of byLeader) {
      if (!stopped && !fetching.has(node)) void fetchFrom(node, asked);
    }
  };

  const fetchFrom = async (node: number, asked: readonly Place[]): Promise<void> => {
    fetching.add(node);
    for (const place of asked) place.state = 'fetching';
    const waitMs = places.some(({ state }) => state === 'reading') ? SHORT_FETCH_WAIT_MS : FETCH_WAIT_MS;
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
    for (const place of asked) if (place.state === 'fetching') place.state = 'idle';
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
    asked: readonly Place[],
  ): { reading: Promise<void>[]; records: number; fault: Error | undefined } => {
    const reading: Promise<void>[] = [];
    let count = 0;
    let fault: Error | undefined;
    if (stopped || isSessionLost(response)) return { reading, records: count, fault };
    for (const { place, batches, error, isFinal } of partitionsOf(response, asked)) {
      if (isFinal) fail(place, error);
      else if (error !== undefined) fault = error;
      else {
        const { records, end } = recordsOf(place.partition, place.next, batches);
        if (end > place.next) reading.push(read(place, records, end));
        count += records.length;
      }
    }
    return { reading, records: count, fault };
  };

  const read = async (place: Place, records: Parameters<OnRecords>[2], end: number): Promise<void> => {
    place.state = 'reading';
    try {
      await onRecords(place.topic, place.partition, records, end);
      place.next = end;
      place.state = 'idle';
    } catch (error) {
      fail(place, error);
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
