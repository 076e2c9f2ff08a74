/**
 * Holds in memory which keys a table has on disk. LMDB trusts its pages: behind a damaged page it finds nothing and reports
 * no error. So "not found" is not trusted for a key known here, nor is a range that misses a known key. A key not known here
 * needs no disk read.
 *
 * Numbers, and pairs of numbers, have their value's checksum here (some 7 bytes each): a gap between two neighbours is seen, and
 * an older page in the place of a newer one. Other keys are 48 bits in a hash set, to look up alone. Triples are not kept:
 * nobody looks them up (an index by time).
 */
import type { StoreKey } from './fold-store.ts';
import { createKeySet } from './key-set.ts';
import { mapKeyOf, type KeyRange } from './store-keys.ts';

export interface KnownKeys {
  /** False: it is not there. True: it is, but for one key of some 10^8. Undefined: keys of its kind are not kept. */
  has(key: StoreKey): boolean | undefined;
  /** Is this the checksum of its newest value? True for keys of which none is kept. */
  isNewest(key: StoreKey, checksum: number): boolean;
  add(key: StoreKey, checksum: number): void;
  delete(key: StoreKey): void;
  /** Is a number or pair from `from` on known that is below `to`? False for other keys. */
  anyWithin(from: Bound, to: Bound): boolean;
}

/** A place between keys: a number is of the group 0, a pair of that of its first. */
interface Bound {
  readonly group: number;
  readonly id: number;
}

const FIRST: Bound = { group: -Infinity, id: -Infinity };
const LAST: Bound = { group: Infinity, id: Infinity };

/** Before the key, or behind it. Undefined: the key is neither a number nor a pair of them. */
const boundAt = (key: StoreKey, behind: boolean): Bound | undefined => {
  if (typeof key === 'number') return { group: 0, id: key + Number(behind) };
  if (typeof key === 'string' || key.length !== 2) return undefined;
  const [group, id] = key;
  return typeof group === 'number' && typeof id === 'number' ? { group, id: id + Number(behind) } : undefined;
};

const isKept = (key: StoreKey): boolean => typeof key !== 'object' || key.length < 3;

export const createKnownKeys = (): KnownKeys => {
  const groups = new Map<number, NumberedChecksums>();
  const others = createKeySet();
  const groupOf = (group: number): NumberedChecksums => {
    const known = groups.get(group) ?? createNumberedChecksums();
    groups.set(group, known);
    return known;
  };
  /** Undefined: it has a place in `others`. */
  const numbered = (key: StoreKey): Bound | undefined => {
    const at = boundAt(key, false);
    return at !== undefined && Number.isSafeInteger(at.id) && at.id >= 0 ? at : undefined;
  };
  const put = (key: StoreKey, checksum: number | undefined): void => {
    if (!isKept(key)) return;
    const at = numbered(key);
    if (at !== undefined) groupOf(at.group).set(at.id, checksum);
    else if (checksum !== undefined) others.add(String(mapKeyOf(key)));
    else others.delete(String(mapKeyOf(key)));
  };
  return {
    has: (key) => {
      const at = numbered(key);
      if (at !== undefined) return groups.get(at.group)?.get(at.id) !== undefined;
      return isKept(key) ? others.has(String(mapKeyOf(key))) : undefined;
    },
    isNewest: (key, checksum) => {
      const at = numbered(key);
      return at === undefined || groups.get(at.group)?.get(at.id) === kept(checksum);
    },
    add: put,
    delete: (key) => put(key, undefined),
    anyWithin: (from, to) => {
      for (const [group, checksums] of groups) {
        if (group < from.group || group > to.group) continue;
        const low = group === from.group ? from.id : 0;
        const high = group === to.group ? to.id : Infinity;
        if (checksums.anyWithin(low, high)) return true;
      }
      return false;
    },
  };
};

/** Told each key of a range in its order, and undefined at its end: is a known key missing before it? */
export const gapFinder = <K extends StoreKey>(
  known: KnownKeys,
  { start, afterStart = false, end, reverse = false }: KeyRange<K>,
): ((key: StoreKey | undefined) => boolean) => {
  const bound = (key: StoreKey | undefined, behind: boolean, other: Bound): Bound =>
    (key === undefined ? undefined : boundAt(key, behind)) ?? other;
  const last = reverse ? bound(end, true, FIRST) : bound(end, false, LAST);
  let at = reverse ? bound(start, !afterStart, LAST) : bound(start, afterStart, FIRST);
  return (key) => {
    const [near, far] = key === undefined ? [last, last] : [boundAt(key, reverse), boundAt(key, !reverse)];
    if (near === undefined || far === undefined) return false;
    const missing = reverse ? known.anyWithin(near, at) : known.anyWithin(at, near);
    at = far;
    return missing;
  };
};

interface NumberedChecksums {
  get(id: number): number | undefined;
  /** Undefined: the id is not there. */
  set(id: number, checksum: number | undefined): void;
  /** From `low` on, below `high`. */
  anyWithin(low: number, high: number): boolean;
}

/** Small, as the ids of one partition, and those of few Things, lie wide apart. */
const BLOCK_IDS = 64;
const ABSENT = 0;
const kept = (checksum: number): number => (checksum === ABSENT ? 1 : checksum);

const createNumberedChecksums = (): NumberedChecksums => {
  const blocks = new Map<number, Uint32Array>();
  const blockOf = (id: number): number => Math.floor(id / BLOCK_IDS);
  const isIn = (block: number, low: number, high: number): boolean => {
    const checksums = blocks.get(block);
    if (checksums === undefined) return false;
    const start = block * BLOCK_IDS;
    const end = Math.min(BLOCK_IDS, high - start);
    for (let at = Math.max(0, low - start); at < end; at++) if (checksums[at] !== ABSENT) return true;
    return false;
  };
  return {
    get: (id) => {
      const checksum = blocks.get(blockOf(id))?.[id % BLOCK_IDS];
      return checksum === ABSENT ? undefined : checksum;
    },
    set: (id, checksum) => {
      const block = blockOf(id);
      const checksums = blocks.get(block) ?? new Uint32Array(BLOCK_IDS);
      blocks.set(block, checksums);
      checksums[id % BLOCK_IDS] = checksum === undefined ? ABSENT : kept(checksum);
    },
    anyWithin: (from, to) => {
      const low = Math.max(0, Math.ceil(from));
      if (!(low < to)) return false;
      const [first, last] = [blockOf(low), blockOf(to)];
      if (last - first <= blocks.size) {
        for (let block = first; block <= last; block++) if (isIn(block, low, to)) return true;
        return false;
      }
      for (const block of blocks.keys())
        if (block >= first && block <= last && isIn(block, low, to)) return true;
      return false;
    },
  };
};
