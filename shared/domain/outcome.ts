/**
 * The records of `<ns>.things.outcomes`, from which every process learns everything, by `fold`. Epochs count the
 * switches of a partition; offsets are Kafka offsets, -1 for "before the first".
 */
import type { AddedFields } from './added-fields.ts';
import type { Answer } from './answer.ts';
import type { Api, Thing } from './thing.ts';

/** The settings of a namespace, and the first record of each of its outcomes partitions. */
export interface Genesis {
  readonly type: 'genesis';
  /** Drawn once per namespace; stands in Postgres and in every local store too. */
  readonly id: string;
  readonly format: number;
  readonly partitions: number;
  /** The first master of all partitions. */
  readonly master: Api;
}

/** A link of the chain of decisions: it counts only behind exactly the records that its writer had seen (P3). */
interface ChainLink {
  readonly previousOffset: number;
  readonly previousDigest: string;
  readonly epoch: number;
}

/** One command, decided; `offset` is its place in the command log. A repeat carries the stored answer and state (P11). */
export interface Decided extends ChainLink {
  readonly type: 'decided';
  readonly offset: number;
  readonly answer: Answer;
  readonly state: Thing | null;
  /** What an accepted `enable` enables, else null. */
  readonly feature: string | null;
}

/** A switch that does not fit: decided from the fold alone, the epoch stays (P12). */
export interface Skipped extends ChainLink {
  readonly type: 'skipped';
  readonly offset: number;
  readonly commandId: string;
  readonly reason: string;
}

/** Shiny lets go of the partition: after it only the decision of that switch counts (P8). */
export interface Released extends ChainLink {
  readonly type: 'released';
  readonly commandId: string;
}

/** A switch that was aborted by the compare-and-set of Original's row (P12). */
export interface Refused extends ChainLink {
  readonly type: 'refused';
  readonly offset: number;
  readonly commandId: string;
  readonly reason: string;
}

/** The mastership has moved. */
export interface Switched extends ChainLink {
  readonly type: 'switched';
  readonly offset: number;
  readonly commandId: string;
  readonly master: Api;
}

/**
 * An invalid command: no release can read it, or it lies in a partition in which it cannot be decided. Every process passes
 * over it, so that it does not block the commands behind it (P17). (A record type that is only too new for a release is not
 * invalid: that release stops.)
 */
export interface Invalid extends ChainLink {
  readonly type: 'invalid';
  readonly offset: number;
}

/** From here Original writes nothing in the partition; `idFloor` is the highest id that it can have given. */
export interface Fence {
  readonly epoch: number;
  readonly idFloor: number;
}

/** What Original was asked by a direct write, refused ones too: enough to decide it again. Times in milliseconds since 1970. */
export interface DirectRequest extends AddedFields {
  readonly requestedOn: number;
  readonly version: number | null;
  readonly name: string | null;
  /** As the client sent it: Original rounds. */
  readonly foo: number | null;
  readonly createdOn: number | null;
  readonly updatedOn: number | null;
}

/** One entry of Original's outbox: a state with its answer, an answer alone (a refusal), or a fence. */
export interface OriginalEntry {
  readonly type: 'original-entry';
  /** 1, 2, 3, … per partition, in the order in which they are published (P16). The same entry keeps its number. */
  readonly number: number;
  /** Of Original's mastership row when it executed. */
  readonly epoch: number;
  readonly state: Thing | null;
  readonly answer: Answer | null;
  readonly fence: Fence | null;
  /** Null for a fence, and for a command of the log, which has its request there. Its kind, id and hash are the answer's. */
  readonly request: DirectRequest | null;
}

/** An entry of `<ns>.things.original`, in its place: it counts only right after the one before it (P4). */
export interface Observed {
  readonly type: 'observed';
  readonly feedOffset: number;
  readonly previousFeedOffset: number;
  /** Of the entry; null for one that is invalid, which is passed over (P17). */
  readonly number: number | null;
  readonly epoch: number;
  readonly state: Thing | null;
  readonly answer: Answer | null;
  readonly fence: Fence | null;
}

export type Outcome = Genesis | Decided | Skipped | Invalid | Released | Refused | Switched | Observed;

/** An outcome as it stands in the log. */
export interface OutcomeRecord {
  readonly outcome: Outcome;
  /** The fingerprint of its schema and its payload, without the registry's id: the digest of the chain runs over them. */
  readonly bytes: Uint8Array;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}
