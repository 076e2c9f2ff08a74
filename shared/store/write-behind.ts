/**
 * Tables on disk (LMDB) that are written behind. A change is seen by readers at once, from memory, and is on disk a moment
 * later: everything that was changed meanwhile, in one transaction, off the main thread. A commit in the foreground costs a
 * quarter of a millisecond each time, and an event loop that stands still for it.
 *
 * Why that is safe: the log is the truth, and what is on disk is the state at an earlier offset, whole, with that offset.
 * A process that dies reads the rest again.
 *
 * What was changed lies in two layers over the disk: `waiting`, and `flushing`, which is being committed.
 */
import type { Database, RootDatabase } from 'lmdb';
import type { Logger } from '../process/logger.ts';
import type { Time } from '../process/time.ts';
import type { StoreKey } from './fold-store.ts';
import { compareKeys, mapKeyOf } from './store-keys.ts';

export interface WriteBehind {
  table<K extends StoreKey, V>(name: string): BehindTable<K, V>;
  /** What `work` sets and deletes is taken as a whole, or not at all when it throws. Throws when the disk does not take it. */
  batch(work: () => void): void;
  /** Resolves when not too many changes wait for the disk. */
  room(): Promise<void>;
  /** Resolves when all is on disk, and throws when it cannot be written. */
  flush(): Promise<void>;
}

export interface BehindTable<K extends StoreKey, V> {
  get(key: K): V | undefined;
  /** Inside `batch` only, as is `delete`. */
  set(key: K, value: V): void;
  delete(key: K): void;
  /** In the order of the keys, those from `start` on that are below `end`; backwards if `reverse`, from `start` down. */
  entries(range: KeyRange<K>): Iterable<Entry<K, V>>;
}

export interface KeyRange<K> {
  readonly start?: K;
  /** Leaves out `start` itself. */
  readonly afterStart?: boolean;
  readonly end?: K;
  readonly reverse?: boolean;
}

export interface Entry<K, V> {
  readonly key: K;
  readonly value: V;
}

/** Undefined: deleted. */
type Change<K, V> = Entry<K, V | undefined>;
type Layer = Map<string | number, Change<StoreKey, unknown>>;

/** Changes are collected for so long; a restart reads so much of the log again. */
const FLUSH_AFTER_MS = 50;
/** So many are written at once, without waiting for more. */
const FLUSH_MIN_CHANGES = 20_000;
/** With more than that in memory, whoever has more to write waits. */
const WAITING_MAX_CHANGES = 200_000;

/** Under this key are the field names of a table's records, once and not in each of them. */
const STRUCTURES = Symbol.for('structures');

/** The table as `createWriteBehind` writes it. */
export const openTable = <V, K extends StoreKey>(root: RootDatabase, name: string): Database<V, K> =>
  root.openDB<V, K>(name, { sharedStructuresKey: STRUCTURES });

interface Behind {
  readonly database: Database<unknown, StoreKey>;
  waiting: Layer;
  flushing: Layer;
}

/**
 * `spoil` is called, inside the transaction, when it cannot be put together whole: LMDB commits the half of it all the same.
 * It marks the store as one that must not be opened again.
 */
export const createWriteBehind = (
  root: RootDatabase,
  spoil: () => void,
  logger: Logger,
  time: Time,
): WriteBehind => {
  const tables = new Map<string, Behind>();
  let waitingCount = 0;
  let underWay: Promise<void> | undefined;
  let cancelTimer: (() => void) | undefined;
  let failure: Error | undefined;
  /** What an open batch has changed, in its order. */
  let journal: Before[] = [];

  const commit = async (): Promise<void> => {
    cancelTimer?.();
    cancelTimer = undefined;
    waitingCount = 0;
    for (const table of tables.values()) [table.flushing, table.waiting] = [table.waiting, new Map()];
    try {
      await root.batch(() => {
        try {
          for (const { database, flushing } of tables.values())
            for (const { key, value } of flushing.values())
              void (value === undefined ? database.remove(key) : database.put(key, value));
        } catch (error) {
          spoil();
          throw error;
        }
      });
      for (const table of tables.values()) table.flushing = new Map();
    } catch (error) {
      const cause = await causeOf(error as CommitError);
      failure = new Error(`the local store cannot be written: ${cause.message}`, { cause });
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
        database: openTable<unknown, StoreKey>(root, name),
        waiting: new Map(),
        flushing: new Map(),
      };
      tables.set(name, table);
      return behindTable<K, V>(table, (mapKey, change) => {
        const before = table.waiting.get(mapKey);
        journal.push({ table, mapKey, before });
        if (before === undefined) waitingCount++;
        table.waiting.set(mapKey, change);
      });
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
    room: async () => {
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
  readonly before: Change<StoreKey, unknown> | undefined;
}

const takeBack = (journal: readonly Before[]): void => {
  for (const { table, mapKey, before } of journal.toReversed()) {
    if (before === undefined) table.waiting.delete(mapKey);
    else table.waiting.set(mapKey, before);
  }
};

const behindTable = <K extends StoreKey, V>(
  table: Behind,
  change: (mapKey: string | number, change: Change<K, V>) => void,
): BehindTable<K, V> => ({
  get: (key) => {
    const mapKey = mapKeyOf(key);
    const changed = table.waiting.get(mapKey) ?? table.flushing.get(mapKey);
    return (changed === undefined ? table.database.get(key) : changed.value) as V | undefined;
  },
  set: (key, value) => change(mapKeyOf(key), { key, value }),
  delete: (key) => change(mapKeyOf(key), { key, value: undefined }),
  *entries({ start, afterStart = false, end, reverse = false }) {
    const sign = reverse ? -1 : 1;
    const isWithin = ({ key }: Change<StoreKey, unknown>): boolean => {
      const fromStart = start === undefined ? 1 : sign * compareKeys(key, start);
      const isBegun = afterStart ? fromStart > 0 : fromStart >= 0;
      return isBegun && (end === undefined || sign * compareKeys(key, end) < 0);
    };
    const changed = [...new Map([...table.flushing, ...table.waiting]).values()]
      .filter(isWithin)
      .toSorted((a, b) => sign * compareKeys(a.key, b.key));
    const stored = table.database.getRange({
      reverse,
      ...(start === undefined ? {} : { start, exclusiveStart: afterStart }),
      ...(end === undefined ? {} : { end }),
    });
    yield* merged(stored, changed, sign) as Iterable<Entry<K, V>>;
  },
});

/** Both are in order; of a key that is in both, the change is what holds. */
function* merged(
  stored: Iterable<Entry<StoreKey, unknown>>,
  changed: readonly Change<StoreKey, unknown>[],
  sign: number,
): Iterable<Entry<StoreKey, unknown>> {
  let next = 0;
  for (const entry of stored) {
    if (typeof entry.key === 'symbol') continue;
    for (; next < changed.length && sign * compareKeys(changed[next]!.key, entry.key) < 0; next++)
      if (changed[next]!.value !== undefined) yield changed[next]!;
    const same = changed[next];
    if (same === undefined || compareKeys(same.key, entry.key) !== 0) {
      yield entry;
      continue;
    }
    next++;
    if (same.value !== undefined) yield same;
  }
  for (; next < changed.length; next++) if (changed[next]!.value !== undefined) yield changed[next]!;
}
