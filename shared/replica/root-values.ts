/** What the root of a store file holds beside its tables: who it belongs to, the sums of its tables, their structures. */
import type { RootDatabase } from 'lmdb';
import type { TableSum } from './behind-table.ts';
import { valueCodec, type Structures } from './checked-values.ts';
import type { StoreKey } from './fold-store.ts';
import { StoreDamagedError } from './store-damage.ts';

type Root = RootDatabase<Buffer, StoreKey>;
export type TableSums = Readonly<Record<string, TableSum>>;

const codec = valueCodec('');

/** Throws StoreDamagedError. */
export const readRoot = (root: Root, name: string): unknown => {
  const bytes = root.get(name);
  if (bytes === undefined) return undefined;
  const found = codec.decode(name, bytes);
  if (found === undefined) throw new StoreDamagedError(`the entry ${name}`);
  return found.value;
};

/** On its way to disk; in the transaction, if there is one. */
export const writeRoot = (root: Root, name: string, value: unknown): void =>
  void root.put(name, codec.encode(name, value));

export const structuresOf = (root: Root, table: string): Structures => ({
  load: () => (readRoot(root, `structures of ${table}`) as unknown[] | undefined) ?? [],
  save: (structures) => writeRoot(root, `structures of ${table}`, structures),
});
