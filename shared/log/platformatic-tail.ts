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
import type { Logger } from '../process/logger.ts';
import { withTimeout } from '../process/with-timeout.ts';
import type { Breath } from './breath.ts';
import { OffsetGoneError, type LogPosition, type OnRecords, type Tail } from './event-log.ts';
import { closeClient, inTime, StuckError } from './platformatic-client.ts';
import {
  fetchRequest,
  isSessionLost,
  partitionsOf,
  responseOf,
  type FetchPlace,
  type FetchResponse,
} from './platformatic-fetch.ts';
import { recordsOf } from './platformatic-records.ts';

/** A fetch waits this long for news … */
const FETCH_WAIT_MS = 500;
/** … and this long while a partition that is with its reader waits to be in the next one. */
const SHORT_FETCH_WAIT_MS = 50;
/** A reader that takes longer does not hold up the other partitions of its broker. */
const SLOW_AFTER_MS = 50;
const RETRY_DELAY_MS = 250;

interface Place extends FetchPlace {
  state: 'idle' | 'fetching' | 'reading' | 'failed';
}

/** `positions` are within what the brokers have. `reader` is closed at the end. */
export const tailPlatformatic = (
  reader: Consumer,
  logger: Logger,
  positions: readonly LogPosition[],
  onRecords: OnRecords,
  breath: Breath,
): Tail => {
  const places = positions.map(({ topic, partition, offset }): Place => ({
    topic,
    partition,
    next: offset,
    topicId: undefined,
    state: 'idle',
  }));
  const topics = [...new Set(positions.map(({ topic }) => topic))];
  reader.topics.trackAll(...topics);
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  const fetching = new Set<number>();
  let stopped = false;
  let isTroubled = false;
  let change = Promise.withResolvers<void>();

  const fail = (place: Place, error: unknown): void => {
    place.state = 'failed';
    reject(error);
  };

  const run = async (): Promise<void> => {
    while (!stopped) {
      change = Promise.withResolvers();
      try {
        startFetches(await inTime(reader.metadata({ topics: [...topics] })));
      } catch (error) {
        giveUpIfStuck(error);
        complain(error);
        await sleep(RETRY_DELAY_MS);
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
      place.topicId ??= id;
      if (place.topicId !== id) {
        fail(
          place,
          new OffsetGoneError(`the topic ${place.topic} is another one by now, its offsets are gone`),
        );
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
      const response = await inTime(reader.fetch(fetchRequest(node, asked, waitMs))).catch(responseOf);
      ({ reading, records, fault } = take(response, asked));
    } catch (error) {
      fault = error;
    }
    // At once, and only what this fetch still holds: from here on another one may have them.
    for (const place of asked) if (place.state === 'fetching') place.state = 'idle';
    giveUpIfStuck(fault);
    if (reading.length > 0) await withTimeout(Promise.all(reading), SLOW_AFTER_MS);
    if (records > 1) await sleep(breath());
    if (fault === undefined) isTroubled = false;
    else await recover(fault);
    fetching.delete(node);
    change.resolve();
  };

  const recover = async (fault: unknown): Promise<void> => {
    complain(fault);
    await sleep(RETRY_DELAY_MS);
    await inTime(reader.metadata({ topics: [...topics], forceUpdate: true })).catch((error: unknown) => {
      giveUpIfStuck(error);
      complain(error);
    });
  };
  const giveUpIfStuck = (error: unknown): void => {
    if (error instanceof StuckError) reject(error);
  };

  /** Once per trouble, not once per try. */
  const complain = (error: unknown): void => {
    if (stopped) return;
    const line = { err: error, topics };
    if (isTroubled) logger.debug(line, 'reading from Kafka fails still');
    else logger.warn(line, 'reading from Kafka failed, trying again until it works');
    isTroubled = true;
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
    for (const { place, batches, error } of partitionsOf(response, asked)) {
      if (error instanceof OffsetGoneError) fail(place, error);
      else if (error !== undefined) fault = error;
      else {
        const { records, end } = recordsOf(place.partition, place.next, batches);
        if (records.length === 0) place.next = end;
        else reading.push(read(place, records, end));
        count += records.length;
      }
    }
    return { reading, records: count, fault };
  };

  const read = async (place: Place, records: Parameters<OnRecords>[2], end: number): Promise<void> => {
    place.state = 'reading';
    try {
      await onRecords(place.topic, place.partition, records);
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
    stop: async () => {
      stopped = true;
      change.resolve();
      await closeClient(reader);
    },
  };
};
