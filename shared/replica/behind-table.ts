/**
 * One table that is written behind: what was changed lies in two layers over the disk, `waiting` and `flushing`, which is
 * being committed. Every value that comes from disk is checked, and so is the order of the keys.
 */
import type { Database, RootDatabase } from 'lmdb';
import { checksumOf, type CheckedValue, type ValueCodec } from './checked-values.ts';
import type { StoreKey } from './fold-store.ts';
import { gapFinder, type KnownKeys } from './known-keys.ts';
import { StoreDamagedError } from './store-damage.ts';
import { compareKeys, mapKeyOf, type KeyRange } from './store-keys.ts';

export interface BehindTable<K extends StoreKey, V> {
  get(key: K): V | undefined;
  /** Inside `batch` only, as is `delete`. */
  set(key: K, value: V): void;
  delete(key: K): void;
  /** In the order of the keys, those from `start` on that are below `end`; backwards if `reverse`, from `start` down. */
  entries(range: KeyRange<K>): Iterable<Entry<K, V>>;
  /** Entries, changes included. */
  size(): number;
}

export interface Entry<K, V> {
  readonly key: K;
  readonly value: V;
}

/** Undefined: deleted. */
export interface Change extends Entry<StoreKey, unknown> {
  /** The checksum of what it replaces on disk; undefined: nothing. */
  readonly replaces: number | undefined;
  /** Its own, once it is encoded. */
  checksum: number | undefined;
}
export type Layer = Map<string | number, Change>;

/** How many entries a table has, and the sum of their checksums modulo 2^32: told apart from any older state of it. */
export interface TableSum {
  readonly count: number;
  readonly sum: number;
}

export interface Behind {
  readonly name: string;
  readonly database: Database<Buffer, StoreKey>;
  readonly codec: ValueCodec;
  /** Of the last commit that is done. */
  readonly known: KnownKeys;
  waiting: Layer;
  flushing: Layer;
  /** Changes included. */
  count: number;
  /** The entry that was read from disk last: who changes an entry has just read it. */
  lastKey: string | number | undefined;
  lastFound: CheckedValue | undefined;
}

/** The table as it lies on disk, unread. */
export const openTable = (root: RootDatabase<Buffer, StoreKey>, name: string): Database<Buffer, StoreKey> =>
  root.openDB<Buffer, StoreKey>(name, { encoding: 'binary' });

export interface BehindTableParts {
  /** Puts it into `waiting`. `adds`: entries more. */
  readonly change: (mapKey: string | number, change: Change, adds: number) => void;
  /** Notes the damage and throws. */
  readonly damaged: Damaged;
  /** Throws when nothing may be read any more. */
  readonly mayRead: () => void;
  /** Keys seem to be missing on disk: looks at the whole table, and is `damaged` unless all is there after all. */
  readonly suspect: (what: string) => void;
}

type Damaged = (what: string, cause?: unknown) => never;
type Faults = Pick<BehindTableParts, 'damaged' | 'suspect'>;

export const behindTable = <K extends StoreKey, V>(
  table: Behind,
  { change, mayRead, ...faults }: BehindTableParts,
): BehindTable<K, V> => {
  const onDisk = (mapKey: string | number, key: StoreKey): CheckedValue | undefined => {
    mayRead();
    if (table.lastKey === mapKey) return table.lastFound;
    const found = table.known.has(key) === false ? undefined : readValue(table, mapKey, key, faults);
    [table.lastKey, table.lastFound] = [mapKey, found];
    return found;
  };
  const put = (key: K, value: V | undefined): void => {
    const mapKey = mapKeyOf(key);
    const waiting = table.waiting.get(mapKey);
    const flushing = table.flushing.get(mapKey);
    const disk = waiting === undefined && flushing === undefined ? onDisk(mapKey, key) : undefined;
    const replaces = waiting === undefined ? (flushing ?? disk)?.checksum : waiting.replaces;
    const wasThere = (waiting ?? flushing ?? disk)?.value !== undefined;
    change(
      mapKey,
      { key, value, replaces, checksum: undefined },
      Number(value !== undefined) - Number(wasThere),
    );
  };
  return {
    get: (key) => {
      const mapKey = mapKeyOf(key);
      const changed = table.waiting.get(mapKey) ?? table.flushing.get(mapKey);
      return (changed ?? onDisk(mapKey, key))?.value as V | undefined;
    },
    set: put,
    delete: (key) => put(key, undefined),
    *entries(range) {
      mayRead();
      const { start, afterStart = false, end, reverse = false } = range;
      const sign = reverse ? -1 : 1;
      const isWithin = ({ key }: Change): boolean => {
        const fromStart = start === undefined ? 1 : sign * compareKeys(key, start);
        const isBegun = afterStart ? fromStart > 0 : fromStart >= 0;
        return isBegun && (end === undefined || sign * compareKeys(key, end) < 0);
      };
      const changed = [...new Map([...table.flushing, ...table.waiting]).values()]
        .filter(isWithin)
        .toSorted((a, b) => sign * compareKeys(a.key, b.key));
      yield* merged(storedEntries(table, range, faults), changed, sign) as Iterable<Entry<K, V>>;
    },
    size: () => table.count,
  };
};

const readValue = (
  { name, database, codec, known }: Behind,
  mapKey: string | number,
  key: StoreKey,
  { damaged, suspect }: Faults,
): CheckedValue | undefined => {
  let found: CheckedValue | undefined;
  try {
    const bytes = database.getBinaryFast(key);
    if (bytes === undefined) {
      if (known.has(key)) suspect(`the table ${name}, the key ${String(mapKey)}`);
      return undefined;
    }
    found = codec.decode(mapKey, bytes);
  } catch (error) {
    if (error instanceof StoreDamagedError) throw error;
    damaged(`the table ${name} cannot be read`, error);
  }
  found ??= damaged(`the table ${name}, the value of ${String(mapKey)}`);
  if (!known.isNewest(key, found.checksum)) suspect(olderValue(name, mapKey));
  return found;
};

const olderValue = (name: string, mapKey: string | number): string =>
  `the table ${name}, an older value of ${String(mapKey)}`;

function* storedEntries<K extends StoreKey>(
  table: Behind,
  range: KeyRange<K>,
  { damaged, suspect }: Faults,
): Iterable<Entry<StoreKey, unknown>> {
  const { name, database, codec } = table;
  const { start, afterStart = false, end, reverse = false } = range;
  const isGap = gapFinder(table.known, range);
  const gap = `the table ${name}, keys of a range`;
  let previous: StoreKey | undefined;
  const stored = database.getRange({
    reverse,
    ...(start === undefined ? {} : { start, exclusiveStart: afterStart }),
    ...(end === undefined ? {} : { end }),
  });
  const iterator = stored[Symbol.iterator]();
  const next = () => {
    try {
      return iterator.next();
    } catch (error) {
      return damaged(`the table ${name} cannot be read`, error);
    }
  };
  try {
    for (let step = next(); step.done !== true; step = next()) {
      const { key, value } = step.value;
      if (previous !== undefined && (reverse ? -1 : 1) * compareKeys(previous, key) >= 0)
        damaged(`the table ${name}, the order of its keys`);
      previous = key;
      if (isGap(key)) suspect(gap);
      const mapKey = mapKeyOf(key);
      const found =
        codec.decode(mapKey, value) ?? damaged(`the table ${name}, the value of ${String(mapKey)}`);
      // A key that is being committed may already be newer on disk.
      if (!table.known.isNewest(key, found.checksum) && !table.flushing.has(mapKey))
        suspect(olderValue(name, mapKey));
      yield { key, value: found.value };
    }
    if (isGap(undefined)) suspect(gap);
  } finally {
    iterator.return?.();
  }
}

/** Both are in order; of a key that is in both, the change is what holds. */
function* merged(
  stored: Iterable<Entry<StoreKey, unknown>>,
  changed: readonly Change[],
  sign: number,
): Iterable<Entry<StoreKey, unknown>> {
  let next = 0;
  for (const entry of stored) {
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

/** What `writeLayer` wrote is on disk. */
export const noteWritten = ({ known }: Behind, layer: Layer): void => {
  for (const { key, checksum, replaces } of layer.values()) {
    if (checksum !== undefined) known.add(key, checksum);
    else if (replaces !== undefined) known.delete(key);
  }
};

/** Writes one layer to disk, inside a transaction, and returns the sum of the table behind it. */
export const writeLayer = ({ database, codec }: Behind, layer: Layer, { count, sum }: TableSum): TableSum => {
  for (const [mapKey, change] of layer) {
    if (change.value === undefined) {
      if (change.replaces !== undefined) void database.remove(change.key);
    } else {
      const bytes = codec.encode(mapKey, change.value);
      change.checksum = checksumOf(bytes);
      void database.put(change.key, bytes);
    }
    count += Number(change.checksum !== undefined) - Number(change.replaces !== undefined);
    sum = (sum + (change.checksum ?? 0) - (change.replaces ?? 0)) >>> 0;
  }
  return { count, sum };
};
