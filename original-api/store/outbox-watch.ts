/** Entries of the outbox that wait: a gauge per partition, and one log line per trouble, which names who may hold them up. */
import type { Logger } from '../../shared/process/logger.ts';
import type { Metrics } from '../../shared/process/metrics.ts';
import type { Time } from '../../shared/process/time.ts';
import { createTrouble } from '../../shared/process/trouble.ts';
import type { OldestTransaction, ThingStore, PartitionFacts } from './thing-store.ts';

export interface OutboxWatchParts {
  readonly things: Pick<ThingStore, 'oldestTransaction'>;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly time: Time;
}

/** An entry that waits longer is said; a transaction that is open longer is shown. */
const LONG_MS = 1_000;

/** Takes the facts as they are read now and then. */
export const createOutboxWatch = ({
  things,
  logger,
  metrics,
  time,
}: OutboxWatchParts): ((facts: readonly PartitionFacts[]) => Promise<void>) => {
  const oldest = metrics.gauge(
    'outbox_oldest_seconds',
    'How long the first entry of the outbox has waited to be published',
    ['partition'],
  );
  const trouble = createTrouble(logger, 'entries of the outbox wait to be published', time.monotonic);
  return async (facts) => {
    for (const { partition, waitingMs } of facts)
      oldest.set({ partition: String(partition) }, waitingMs / 1_000);
    const late = facts.filter(({ waitingMs }) => waitingMs > LONG_MS);
    if (late.length === 0) return trouble.over();
    const transaction = await things.oldestTransaction();
    trouble.met(undefined, {
      partitions: late.map(({ partition }) => partition),
      oldestMs: Math.round(Math.max(...late.map(({ waitingMs }) => waitingMs))),
      ...(transaction === undefined ? {} : { oldestTransaction: transactionText(transaction) }),
    });
  };
};

/** For people. */
const transactionText = ({ pid, database, user, state, since }: OldestTransaction): string =>
  `a transaction is open in the database server${since === null ? '' : ` since ${since.toISOString()}`}: ` +
  `${pid === null ? 'prepared' : `process ${pid}, ${state ?? 'state not shown'}`}, ` +
  `database ${database ?? 'not shown'}, user ${user ?? 'not shown'}`;

/** The oldest one, if it has been open for long: it delays the outbox, and stops nothing. */
export const longTransaction = async (
  things: Pick<ThingStore, 'oldestTransaction'>,
  now: number,
): Promise<string | undefined> => {
  const transaction = await things.oldestTransaction();
  if (transaction?.since == null || now - transaction.since.getTime() < LONG_MS) return undefined;
  return transactionText(transaction);
};
