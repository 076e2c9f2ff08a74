/**
 * Is the database where the log says? It may be put back from a backup, or fail over and lose commits, under processes that live.
 * What the mirror has folded is held against what the store says of itself, at start and ever again; a partition that contradicts
 * serves no write, and says why (P16).
 */
import type { PartitionHeader } from '../shared/domain/partition-state.ts';
import type { Logger } from '../shared/process/logger.ts';
import type { Time } from '../shared/process/time.ts';
import type { PartitionFacts } from './original-things.ts';

export interface StoreWatchParts {
  readonly facts: () => Promise<readonly PartitionFacts[]>;
  /** Gets the facts of each check. */
  readonly onFacts: (facts: readonly PartitionFacts[]) => Promise<void>;
  /** Of the mirror, now, by partition. */
  readonly headers: () => readonly PartitionHeader[];
  /** Of Original's feed. */
  readonly feedEnds: () => Promise<readonly number[]>;
  readonly logger: Logger;
  readonly time: Time;
}

export interface StoreWatch {
  /** Why the partition serves no write, if so. */
  fault(partition: number): StoreFault | undefined;
  stop(): void;
}

export interface StoreFault {
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

const CHECK_EVERY_MS = 1_000;
const WHAT_TO_DO =
  'restore what it lacks, or rebuild the partition from the log (`playground master repair`)';

/** The log knows more of the partition than the database ever had. `header` must have been read before `facts`. */
export const setBackFault = (header: PartitionHeader, facts: PartitionFacts): string | undefined => {
  const { partition, epoch, removed, waiting } = facts;
  if (header.epoch > epoch)
    return `the database has partition ${partition} at epoch ${epoch}, and the log at ${header.epoch}: it was set back; ${WHAT_TO_DO}`;
  if (header.entryNumber > removed + waiting)
    return (
      `the log has ${header.entryNumber} entries of partition ${partition} from this database, which has given ${removed + waiting}: ` +
      `it was set back; ${WHAT_TO_DO}`
    );
  return undefined;
};

/** What was published by `noted`, with the end of the feed from then or later, must be observed once the feed is. */
export const lostFeedFault = (
  header: PartitionHeader,
  noted: { readonly removed: number; readonly feedEnd: number },
): string | undefined =>
  header.feedPosition + 1 >= noted.feedEnd && header.entryNumber < noted.removed
    ? `${noted.removed} entries of partition ${header.partition} were published, and the feed has ${header.entryNumber}: ` +
      'it was lost or cut; restore the topic, or rebuild the partition from the database (`playground master repair`)'
    : undefined;

/** Has checked once when it resolves. Throws what the store throws. */
export const startStoreWatch = async (parts: StoreWatchParts): Promise<StoreWatch> => {
  const { logger, time } = parts;
  const faults = new Map<number, StoreFault>();
  const noted = new Map<number, { removed: number; feedEnd: number }>();
  let stopped = false;

  const judge = (partition: number, reason: string | undefined): void => {
    const known = faults.get(partition);
    if (reason === undefined) {
      if (known === undefined) return;
      faults.delete(partition);
      logger.info({ partition, was: known.reason }, 'database and log agree again');
    } else if (known === undefined) {
      faults.set(partition, { reason, since: time.now() });
      logger.error(
        { partition, reason },
        'a partition serves no write: database and log contradict each other',
      );
    }
  };
  const check = async (): Promise<void> => {
    // Before the store is asked: what comes meanwhile only makes the store know more.
    const headers = parts.headers();
    const all = await parts.facts();
    await parts.onFacts(all);
    const now = parts.headers();
    const behind = all.filter(({ partition, removed }) => removed > now[partition]!.entryNumber);
    const ends = behind.length > 0 ? await parts.feedEnds() : [];
    for (const facts of all) {
      const { partition, removed } = facts;
      const before = noted.get(partition);
      const lost = before === undefined ? undefined : lostFeedFault(now[partition]!, before);
      if (behind.includes(facts)) noted.set(partition, before ?? { removed, feedEnd: ends[partition]! });
      else noted.delete(partition);
      judge(partition, setBackFault(headers[partition]!, facts) ?? lost);
    }
  };
  const run = async (): Promise<void> => {
    while (!stopped) {
      await time.sleep(CHECK_EVERY_MS);
      // A database that does not answer is somebody else's trouble.
      if (!stopped)
        await check().catch((error: unknown) =>
          logger.debug({ err: error }, 'the store could not be checked'),
        );
    }
  };
  await check();
  void run();
  return {
    fault: (partition) => faults.get(partition),
    stop: () => {
      stopped = true;
    },
  };
};
