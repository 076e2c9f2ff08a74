/**
 * Sends one batch to one topic through a Kafka client until each record's fate is settled, order kept per partition:
 *
 * - A record that is certainly not stored, and may be stored later, is sent again for CONNECT_PATIENCE_MS.
 * - A batch refused with an error that one record can cause is halved until that record is alone; then it is refused.
 * - After a record fails, no later record of its partition is sent.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../process/logger.ts';
import { createTrouble } from '../process/trouble.ts';
import type { AppendResult, SendBatch } from './append-batcher.ts';
import {
  AppendNotStoredError,
  AppendRefusedError,
  AppendUnknownError,
  type AppendRecord,
} from './event-log.ts';
import { brokerError, isFaultOfOneRecord, type BrokerError } from './kafka-errors.ts';
import { CONNECT_PATIENCE_MS } from './kafka-timeouts.ts';

/** What one request did with one record. Records of one partition have the same fate, as Kafka takes all of them or none. */
export type Produced =
  | { readonly fate: 'stored'; readonly offset: number }
  | { readonly fate: 'not-stored' | 'unsure'; readonly error: Error }
  | { readonly fate: 'refused'; readonly error: BrokerError; readonly reason: string };

/** One request. Never rejects. */
export type Produce = (topic: string, records: readonly AppendRecord[]) => Promise<Produced[]>;

const FIRST_DELAY_MS = 50;
const DELAY_MAX_MS = 500;

/** Indexes of the batch. */
type Group = readonly number[];

export const createAppendSender = (
  topic: string,
  produce: Produce,
  logger: Logger,
  patienceMs = CONNECT_PATIENCE_MS,
): SendBatch => {
  const trouble = createTrouble(logger, 'appending to Kafka fails');

  return async (batch) => {
    const results: (AppendResult | undefined)[] = batch.map(() => undefined);
    const settle = (group: Group, result: (produced: Produced) => AppendResult, by: Produced[]): void =>
      group.forEach((index, at) => (results[index] = result(by[at]!)));
    const failed = new Set<number>();
    const deadline = performance.now() + patienceMs;
    let delay = FIRST_DELAY_MS;
    let groups: Group[] = [batch.map((_, index) => index)];

    while (groups.length > 0) {
      const group = groups[0]!.filter((index) => !failed.has(batch[index]!.partition));
      groups = groups.slice(1);
      if (group.length === 0) continue;
      const produced = await produce(
        topic,
        group.map((index) => batch[index]!),
      );
      const [again, firsts, seconds]: number[][] = [[], [], []];
      const byPartition = Map.groupBy(group.keys(), (at) => batch[group[at]!]!.partition);
      for (const [partition, ats] of byPartition) {
        const mine = ats.map((at) => group[at]!);
        const fates = ats.map((at) => produced[at]!);
        const [first] = fates as [Produced];
        if (first.fate === 'not-stored' && performance.now() + delay < deadline) again!.push(...mine);
        else if (first.fate === 'refused' && isFaultOfOneRecord(first.error) && mine.length > 1) {
          const half = Math.ceil(mine.length / 2);
          firsts!.push(...mine.slice(0, half));
          seconds!.push(...mine.slice(half));
        } else {
          settle(mine, (one) => resultOf(topic, partition, one), fates);
          if (first.fate !== 'stored') failed.add(partition);
        }
        if (first.fate !== 'stored') trouble.met(first.error, { topic, partition, records: mine.length });
      }
      groups = [again!, firsts!, seconds!, ...groups].filter(({ length }) => length > 0);
      if (again!.length > 0) {
        await sleep(delay);
        delay = Math.min(delay * 2, DELAY_MAX_MS);
      }
    }
    if (failed.size === 0) trouble.over();
    return results.map(
      (result) => result ?? new AppendNotStoredError('the record was not sent: one before it failed'),
    );
  };
};

const resultOf = (topic: string, partition: number, produced: Produced): AppendResult => {
  switch (produced.fate) {
    case 'stored':
      return produced.offset;
    case 'refused': {
      const { error, reason } = produced;
      return new AppendRefusedError(
        error.name,
        `Kafka refuses the record for ${topic}/${partition}: ${error.name}${reason === '' ? '' : `, ${reason}`}`,
      );
    }
    case 'unsure':
      return new AppendUnknownError(
        `it is not known whether Kafka stored the record: ${produced.error.message}`,
        { cause: produced.error },
      );
    case 'not-stored':
      return new AppendNotStoredError(`Kafka did not store the record: ${produced.error.message}`, {
        cause: produced.error,
      });
  }
};

/** What an error code in an answer to a produce request means for the record. */
export const answeredWith = (
  errorCode: number,
  topic: string,
  partition: number,
  reason: string | null = null,
): Produced => {
  const error = brokerError(errorCode);
  if (error.kind === 'definite' || error.kind === 'fatal')
    return { fate: 'refused', error, reason: reason ?? '' };
  return {
    fate: error.kind === 'retry' ? 'not-stored' : 'unsure',
    error: new Error(`the broker answers ${error.name} for ${topic}/${partition}`),
  };
};
