/**
 * The fold's state of all partitions, with the offset up to which it is folded: the seam. Two implementations, on disk
 * (LMDB) and in memory; one contract suite (fold-store.contract.ts) runs against both.
 */
import type { StoredAnswer } from '../domain/answer.ts';
import type { PartitionState } from '../domain/partition-state.ts';
import type { Thing } from '../domain/thing.ts';

/** The table in which the index of commands keeps its checkpoints: by partition, the offset of the next command. */
export const COMMAND_CHECKPOINTS = 'commands-checkpoints';

export interface FoldStore {
  /** Changed inside `batch` only. */
  state(partition: number): PartitionState;
  /** Offset of the next outcome to fold. */
  nextOffset(partition: number): number;
  setNextOffset(partition: number, next: number): void;
  /** What `work` changes is seen at once, and becomes durable together later, or not at all when it throws. */
  batch(work: () => void): void;
  /** Resolves when there is room for more changes; at once, unless the disk is behind. */
  drained(): Promise<void>;
  thing(id: number): Thing | undefined;
  /** Things, deleted ones too, with an id above `after`, in id order. */
  thingsAfter(after: number): Iterable<Thing>;
  /** The answers under a command id, in whatever partition. */
  answers(commandId: string): Iterable<{ partition: number; answer: StoredAnswer }>;
  /** Another table in the same transactions. */
  table<K extends StoreKey, V>(name: string): StoreTable<K, V>;
  close(): Promise<void>;
}

export interface StoreTable<K, V> {
  get(key: K): V | undefined;
  /** Inside `batch` only. */
  set(key: K, value: V): void;
  /** In the order of the keys, from `after` on without it; backwards if `reverse`. */
  range(options: { after?: K | undefined; reverse?: boolean; limit: number }): Iterable<{ key: K; value: V }>;
}

export type StoreKey = string | number | (string | number)[];
