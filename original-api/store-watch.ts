/**
 * Checks that the database is not behind the log. While processes run, a restored backup or a failover can lose commits.
 * Compares what the mirror has folded with the facts of the store, at start and then periodically. A partition whose database
 * contradicts the log serves no write and reports the reason (P16).
 */
import type { PartitionHeader } from '../shared/domain/partition-state.ts';
import type { Logger } from '../shared/process/logger.ts';
import type { Time } from '../shared/process/time.ts';
import { StoreSetBackError } from './mirror.ts';
import { partitionOfThing } from '../shared/domain/partition.ts';
import { SET_BACK_WAY_OUT } from './store/database-errors.ts';
import type { PartitionFacts, StoreSession, ThingVersion } from './store/thing-store.ts';

export interface StoreWatchParts {
  readonly store: StoreSession;
  readonly partitions: number;
  /** Versions that the mirror has read lately. */
  readonly recent: () => readonly ThingVersion[];
  /** Gets the facts of each check. */
  readonly onFacts: (facts: readonly PartitionFacts[]) => Promise<void>;
  /** Of the mirror, now, by partition. */
  readonly headers: () => readonly PartitionHeader[];
  /** Where the mirror knows the store to be, by partition. */
  readonly stored: () => readonly number[];
  /** Of Original's feed. */
  readonly feedEnds: () => Promise<readonly number[]>;
  readonly logger: Logger;
  readonly time: Time;
}

export interface StoreWatch {
  /** Why the partition serves no write, if so. */
  fault(partition: number): StoreFault | undefined;
  /** Rejects when the store was set back: the mirror must read again what it has applied. */
  readonly failed: Promise<never>;
  /** Checks once more. Throws what the store throws. */
  check(): Promise<void>;
  /** Judges what a new session with the store says. Throws when it contradicts the log. */
  verifySession(session: StoreSession): Promise<void>;
  stop(): void;
}

export interface StoreFault {
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

const CHECK_EVERY_MS = 1_000;

/** The log knows more of the partition than the database ever had. `header` must have been read before `facts`. */
export const setBackFault = (header: PartitionHeader, facts: PartitionFacts): string | undefined => {
  const { partition, epoch, removed, waiting } = facts;
  if (header.epoch > epoch)
    return `the database has partition ${partition} at epoch ${epoch}, and the log at ${header.epoch}: it was set back; ${SET_BACK_WAY_OUT}`;
  if (header.entryNumber > removed + waiting)
    return (
      `the log has ${header.entryNumber} entries of partition ${partition} from this database, which has given ${removed + waiting}: ` +
      `it was set back; ${SET_BACK_WAY_OUT}`
    );
  return undefined;
};

/** Once the feed is observed up to `noted.feedEnd` (its end then or later), all `noted.removed` entries must be observed. */
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
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  let stopped = false;

  /** Records the fault. Returns whether it is new. */
  const judge = (partition: number, reason: string | undefined): boolean => {
    // A fault stays until restart: new writes to a set-back database would hide it. After a repair, Original is restarted.
    if (reason === undefined || faults.has(partition)) return false;
    faults.set(partition, { reason, since: time.now() });
    logger.error(
      { partition, reason },
      'a partition serves no write: database and log contradict each other',
    );
    return true;
  };
  /** Looks for recent versions that the table had and now lacks. Returns whether it found a new fault. */
  const lookForMissing = async (session: StoreSession): Promise<boolean> => {
    const recent = parts.recent();
    if (recent.length === 0) return false;
    let isNew = false;
    for (const { id, version } of await session.missing(recent)) {
      const reason = `the database lacks version ${version} of Thing ${id}, which the log has: it was set back; ${SET_BACK_WAY_OUT}`;
      if (judge(partitionOfThing(id, parts.partitions), reason)) isNew = true;
    }
    return isNew;
  };
  const check = async (): Promise<void> => {
    // Before the store is asked: what comes meanwhile only makes the store know more.
    const headers = parts.headers();
    const stored = parts.stored();
    await lookForMissing(parts.store);
    const all = await parts.store.partitionFacts();
    const now = parts.headers();
    const behind = all.filter(({ partition, removed }) => removed > now[partition]!.entryNumber);
    const ends = behind.length > 0 ? await parts.feedEnds() : [];
    for (const facts of all) {
      const { partition, removed, mirrored } = facts;
      if (mirrored < stored[partition]!) fail(new StoreSetBackError(partition, mirrored, stored[partition]!));
      const before = noted.get(partition);
      const lost = before === undefined ? undefined : lostFeedFault(now[partition]!, before);
      const isThrough = before === undefined || now[partition]!.entryNumber >= before.removed;
      if (!behind.includes(facts)) noted.delete(partition);
      // Replaces the note only once its entries are observed: under constant load, a note replaced each time is never checked.
      else if (isThrough) noted.set(partition, { removed, feedEnd: ends[partition]! });
      judge(partition, setBackFault(headers[partition]!, facts) ?? lost);
    }
    await parts.onFacts(all);
  };
  const run = async (): Promise<void> => {
    while (!stopped) {
      await time.sleep(CHECK_EVERY_MS);
      // A database that does not answer is not a fault for this watch: other parts report it.
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
    failed,
    check,
    verifySession: async (session) => {
      // Before the store is asked: what comes meanwhile only makes the store know more.
      const headers = parts.headers();
      const isNew = await lookForMissing(session);
      if (isNew) throw new Error('the database lacks what the log has');
      for (const one of await session.partitionFacts()) {
        const reason = setBackFault(headers[one.partition]!, one);
        if (judge(one.partition, reason)) throw new Error(reason);
      }
    },
    stop: () => {
      stopped = true;
    },
  };
};
