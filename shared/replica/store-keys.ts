/** Keys of a store's tables, in the order in which LMDB has them: numbers before strings, arrays by their members. */
import type { StoreKey } from './fold-store.ts';

export const compareKeys = (a: StoreKey, b: StoreKey): number => {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [[a].flat(), [b].flat()];
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const [one, other] = [left[index]!, right[index]!];
    if (one === other) continue;
    if (typeof one !== typeof other) return typeof one === 'number' ? -1 : 1;
    return one < other ? -1 : 1;
  }
  return left.length - right.length;
};

/** A key for a Map. No two keys of one table have the same: they are of one kind. */
export const mapKeyOf = (key: StoreKey): string | number => (typeof key === 'object' ? key.join('\0') : key);

export interface KeyRange<K> {
  readonly start?: K;
  /** Leaves out `start` itself. */
  readonly afterStart?: boolean;
  readonly end?: K;
  readonly reverse?: boolean;
}
