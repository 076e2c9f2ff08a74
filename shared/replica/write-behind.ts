/**
 * Tables on disk (LMDB) that are written behind. A change is seen by readers at once, from memory, and is on disk a moment
 * later: everything that was changed meanwhile, in one transaction, off the main thread. A commit in the foreground costs a
 * quarter of a millisecond each time, and an event loop that stands still for it.
 *
 * Why that is safe: the log is the truth, and what is on disk is the state at an earlier offset, whole, with that offset.
 * A process that dies reads the rest again.
 *
 * With each transaction goes the sum of every table (store-check.ts compares them at the next start).
 */
import type { RootDatabase } from 'lmdb';
import type { Logger } from '../process/logger.ts';
import type { Time } from '../process/time.ts';
import {
  behindTable,
  noteWritten,
  openTable,
  writeLayer,
  type Behind,
  type BehindTable,
  type Change,
  type TableSum,
} from './behind-table.ts';
import { valueCodec } from './checked-values.ts';
import type { StoreKey } from './fold-store.ts';
import { createKnownKeys, type KnownKeys } from './known-keys.ts';
import { readRoot, structuresOf, writeRoot, type TableSums } from './root-values.ts';
import { tableFault } from './store-check.ts';
import { StoreDamagedError } from './store-damage.ts';

export interface WriteBehind {
  table<K extends StoreKey, V>(name: string): BehindTable<K, V>;
  /** What `work` sets and deletes is taken as a whole, or not at all when it throws. Throws when the disk does not take it. */
  batch(work: () => void): void;
  /** Resolves when not too many changes wait for the disk. */
  drained(): Promise<void>;
  /** Resolves when all is on disk, and throws when it cannot be written. */
  flush(): Promise<void>;
  /** Rejects when the disk does not take a change, or with StoreDamagedError; nothing is read or taken any more then. */
  readonly failed: Promise<never>;
  /** Notes damage that was found otherwise, and throws. */
  readonly damaged: (what: string) => never;
}

/** Changes are collected for so long; a restart reads so much of the log again. */
const FLUSH_AFTER_MS = 50;
/** So many are written at once, without waiting for more. */
const FLUSH_MIN_CHANGES = 20_000;
/** With more than that in memory, whoever has more to write waits. */
const WAITING_MAX_CHANGES = 200_000;

/** What is done, synchronously, so that the store is not opened again. */
export interface Spoilers {
  /**
   * Called inside the transaction when writing it fails halfway: LMDB commits the written part anyway.
   */
  readonly halfWritten: () => void;
  readonly damaged: (reason: string) => void;
  /** The disk has refused a commit: returns why, as a sentence. */
  readonly refused: (cause: Error) => string;
}

/** `known`: the keys of each table that has any. */
export const createWriteBehind = (
  root: RootDatabase<Buffer, StoreKey>,
  known: ReadonlyMap<string, KnownKeys>,
  spoil: Spoilers,
  logger: Logger,
  time: Time,
): WriteBehind => {
  const tables = new Map<string, Behind>();
  let sums = (readRoot(root, 'sums') as TableSums | undefined) ?? {};
  /** Of the last commit that is done; the one under way may be on disk already. */
  let sumsBefore = sums;
  let waitingCount = 0;
  let underWay: Promise<void> | undefined;
  let cancelTimer: (() => void) | undefined;
  let failure: Error | undefined;
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  /** What an open batch has changed, in its order. */
  let journal: Before[] = [];

  const failWith = (error: Error): Error => {
    failure ??= error;
    fail(failure);
    return failure;
  };
  const damaged = (what: string, cause?: unknown): never => {
    const error = new StoreDamagedError(what, { cause });
    spoil.damaged(what);
    throw failWith(error);
  };
  const mayRead = (): void => {
    if (failure instanceof StoreDamagedError) throw failure;
  };
  const suspect = (name: string, what: string): void => {
    const allowed = [sums, sumsBefore].map(({ [name]: sum = { count: 0, sum: 0 } }) => sum);
    let fault: string | undefined;
    try {
      fault = tableFault(root, name, allowed);
    } catch (error) {
      damaged(what, error);
    }
    if (fault !== undefined) damaged(what);
  };
  const write = (): void => {
    const next: Record<string, TableSum> = { ...sums };
    for (const table of tables.values())
      next[table.name] = writeLayer(table, table.flushing, next[table.name] ?? { count: 0, sum: 0 });
    writeRoot(root, 'sums', next);
    sums = next;
  };

  const commit = async (): Promise<void> => {
    cancelTimer?.();
    cancelTimer = undefined;
    waitingCount = 0;
    for (const table of tables.values()) [table.flushing, table.waiting] = [table.waiting, new Map()];
    try {
      await root.batch(() => {
        try {
          write();
        } catch (error) {
          spoil.halfWritten();
          throw error;
        }
      });
      for (const table of tables.values()) {
        noteWritten(table, table.flushing);
        [table.flushing, table.lastKey] = [new Map(), undefined];
      }
      sumsBefore = sums;
    } catch (error) {
      const cause = await causeOf(error as CommitError);
      if (isDamage(cause)) spoil.damaged(cause.message);
      failWith(new Error(cannotWrite(spoil.refused(cause)), { cause }));
      logger.error({ err: cause }, 'the local store cannot be written');
    }
  };
  const startCommit = (): void => {
    underWay ??= commit().finally(() => {
      underWay = undefined;
      schedule();
    });
  };
  const schedule = (): void => {
    if (waitingCount === 0 || underWay !== undefined || failure !== undefined) return;
    if (waitingCount >= FLUSH_MIN_CHANGES) startCommit();
    else cancelTimer ??= time.after(FLUSH_AFTER_MS, startCommit);
  };

  return {
    table: <K extends StoreKey, V>(name: string) => {
      const table = tables.get(name) ?? {
        name,
        database: openTable(root, name),
        codec: valueCodec(name, structuresOf(root, name)),
        known: known.get(name) ?? createKnownKeys(),
        waiting: new Map(),
        flushing: new Map(),
        count: sums[name]?.count ?? 0,
        lastKey: undefined,
        lastFound: undefined,
      };
      tables.set(name, table);
      const change = (mapKey: string | number, next: Change, adds: number): void => {
        const before = table.waiting.get(mapKey);
        journal.push({ table, mapKey, before, count: table.count });
        if (before === undefined) waitingCount++;
        table.count += adds;
        table.waiting.set(mapKey, next);
      };
      return behindTable<K, V>(table, { change, damaged, mayRead, suspect: (what) => suspect(name, what) });
    },
    batch: (work) => {
      if (failure !== undefined) throw failure;
      const countBefore = waitingCount;
      journal = [];
      try {
        work();
      } catch (error) {
        takeBack(journal);
        waitingCount = countBefore;
        throw error;
      } finally {
        journal = [];
      }
      schedule();
    },
    drained: async () => {
      while (waitingCount > WAITING_MAX_CHANGES && underWay !== undefined) await underWay;
    },
    flush: async () => {
      while (failure === undefined && (underWay !== undefined || waitingCount > 0)) {
        startCommit();
        await underWay;
      }
      if (failure !== undefined) throw failure;
      await root.flushed;
    },
    failed,
    damaged,
  };
};

/** LMDB tells the reason of a failed commit in a promise beside the error, which would be a rejection that nobody caught. */
interface CommitError extends Error {
  readonly commitError?: Promise<unknown>;
}

const causeOf = async (error: CommitError): Promise<Error> => {
  try {
    await error.commitError;
  } catch (reason) {
    return reason as Error;
  }
  return error;
};

/** How a key was in `waiting`. */
interface Before {
  readonly table: Behind;
  readonly mapKey: string | number;
  readonly before: Change | undefined;
  /** Entries of the table. */
  readonly count: number;
}

const takeBack = (journal: readonly Before[]): void => {
  for (const { table, mapKey, before, count } of journal.toReversed()) {
    table.count = count;
    if (before === undefined) table.waiting.delete(mapKey);
    else table.waiting.set(mapKey, before);
  }
};

/** Reasons that LMDB gives when it is the file, and not the disk, that is at fault. */
const isDamage = ({ message }: Error): boolean =>
  /MDB_(CORRUPTED|PAGE_NOTFOUND|PANIC|INVALID|BAD_TXN|CURSOR_FULL)/.test(message);

const cannotWrite = (reason: string): string =>
  `the local store cannot be written: ${reason}. Nothing is lost, as the log has everything; ` +
  'with room on the disk, and after a new start, it goes on';
