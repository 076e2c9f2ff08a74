/**
 * The state of a partition: what the fold makes of the log. Its Things and answers live behind members of Map and Set, so
 * that memory and a table on disk serve alike.
 */
import type { StoredAnswer } from './answer.ts';
import type { Fence, Genesis } from './outcome.ts';
import type { SwitchResult } from './switch-result.ts';
import type { Api, Thing } from './thing.ts';

/** What a partition is, but for its Things and answers. */
export interface PartitionHeader {
  readonly partition: number;
  readonly genesis: Genesis | null;
  readonly master: Api;
  /** Of the last switch decision, refused ones too. */
  readonly epoch: number;
  /** The epoch of the last change of master. */
  readonly masterSinceEpoch: number;
  /** Offset of the last decided command, -1 at first. */
  readonly position: number;
  /** Rolling hash over the bytes of the counted chain. */
  readonly digest: string;
  /** Offset of the last observed entry of Original's feed, -1 at first. */
  readonly feedPosition: number;
  /** Number of the last entry of Original's outbox that counted, 0 at first (P16). */
  readonly entryNumber: number;
  /** The epoch that Shiny has let go for, while that switch is open. */
  readonly released: number | null;
  /** Original's fence of the next epoch, once observed. */
  readonly fence: Fence | null;
  /** No id up to this one may be given again. */
  readonly idFloor: number;
  /** That are enabled (features.ts), sorted. */
  readonly features: readonly string[];
}

/** The members of Map that the fold needs: a Map, or a table on disk. */
export interface MapLike<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): unknown;
}

/** The members of Set that the fold needs. */
export interface SetLike<K> extends Iterable<K> {
  add(key: K): unknown;
  delete(key: K): unknown;
  readonly size: number;
}

/** The fold's state of one partition. */
export interface PartitionState {
  header: PartitionHeader;
  /** By id. */
  readonly things: MapLike<number, Thing>;
  /** By command id. */
  readonly answers: MapLike<string, StoredAnswer>;
  /** Ids of the Things that Original cannot hold as they are. None while Original is master of the partition. */
  readonly lossy: SetLike<number>;
  /** By command id. */
  readonly switches: MapLike<string, SwitchResult>;
}

/** Of the log; format 1 had the registry's ids in its chain. */
export const FORMAT = 2;

export const wrongFormat = (format: number): string =>
  `the log has format ${format}, and this release reads format ${FORMAT}: use the release that wrote it, or another NAMESPACE, or wipe the local stack (\`make clean\`)`;

export const emptyHeader = (partition: number): PartitionHeader => ({
  partition,
  genesis: null,
  master: 'original',
  epoch: 0,
  masterSinceEpoch: 0,
  position: -1,
  digest: '',
  feedPosition: -1,
  entryNumber: 0,
  released: null,
  fence: null,
  idFloor: 0,
  features: [],
});

export const emptyState = (partition: number): PartitionState => ({
  header: emptyHeader(partition),
  things: new Map(),
  answers: new Map(),
  lossy: new Set(),
  switches: new Map(),
});
