/**
 * Is everything in a store file that was written, and nothing else? Read at each start, all of it: checksums, the order of the
 * keys, and the number and sum of the entries of each table, which go with each transaction. An older page in the place of a
 * newer one is found by the sum alone.
 *
 * LMDB trusts its pages, so a damaged one may also end the process here; open-marks.ts is about that.
 */
import type { RootDatabase } from 'lmdb';
import { openTable, type TableSum } from './behind-table.ts';
import { valueCodec } from './checked-values.ts';
import type { StoreKey } from './fold-store.ts';
import { createKnownKeys, type KnownKeys } from './known-keys.ts';
import { readRoot, structuresOf, type TableSums } from './root-values.ts';
import { compareKeys, mapKeyOf } from './store-keys.ts';

/** What is wrong, or undefined. Fills `known` by the names of the tables. */
export const storeFault = (
  root: RootDatabase<Buffer, StoreKey>,
  known?: Map<string, KnownKeys>,
): string | undefined => {
  try {
    const sums = readRoot(root, 'sums') as TableSums | undefined;
    if (sums === undefined) return 'incomplete';
    for (const [name, sum] of Object.entries(sums)) {
      structuresOf(root, name).load();
      const keys = createKnownKeys();
      known?.set(name, keys);
      const fault = tableFault(root, name, [sum], keys);
      if (fault !== undefined) return `damaged (the table ${name}: ${fault})`;
    }
    return undefined;
  } catch (error) {
    return `damaged (${(error as Error).message})`;
  }
};

/**
 * The same of one table, which may be as any of `allowed` says; adds its keys to `known`. Reads once: two reads of one turn need
 * not be of the same moment, as LMDB begins a new read transaction when a commit ends.
 */
export const tableFault = (
  root: RootDatabase<Buffer, StoreKey>,
  name: string,
  allowed: readonly TableSum[],
  known?: KnownKeys,
): string | undefined => {
  const codec = valueCodec(name);
  const most = Math.max(...allowed.map(({ count }) => count));
  let found = 0;
  let foundSum = 0;
  let previous: StoreKey | undefined;
  for (const { key, value } of openTable(root, name).getRange()) {
    if (previous !== undefined && compareKeys(previous, key) >= 0) return 'keys out of order';
    previous = key;
    const mapKey = mapKeyOf(key);
    const checksum = codec.checksum(mapKey, value);
    if (checksum === undefined) return `the value of ${String(mapKey)}`;
    foundSum = (foundSum + checksum) >>> 0;
    known?.add(key, checksum);
    if (++found > most) break;
  }
  const sameCount = allowed.filter(({ count }) => count === found);
  if (sameCount.length === 0) return `${found} entries of ${most}`;
  return sameCount.some(({ sum }) => sum === foundSum) ? undefined : 'an older state of some entries';
};
