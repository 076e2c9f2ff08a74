/**
 * The records of `<ns>.things.outcomes`, from which every process learns everything, by `fold`. Epochs count the
 * switches of a partition; offsets are Kafka offsets, -1 for "before the first".
 */
import type { Answer } from './answer.ts';
import type { Owner, Thing } from './thing.ts';

/** The settings of a namespace, and the first record of each of its outcomes partitions. */
export interface Genesis {
  readonly type: 'genesis';
  /** Drawn once per namespace; stands in Postgres and in every local store too. */
  readonly id: string;
  readonly format: number;
  readonly partitions: number;
  readonly owner: Owner;
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
}

/** A switch that does not fit: decided from the fold alone, the epoch stays (P12). */
export interface Misfit extends ChainLink {
  readonly type: 'misfit';
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
  readonly owner: Owner;
}

/** From here Original writes nothing in the partition; `idFloor` is the highest id that it can have given. */
export interface Fence {
  readonly epoch: number;
  readonly idFloor: number;
}

/** One entry of Original's outbox: a state with its answer, an answer alone (a refusal), or a fence. */
export interface OriginalEntry {
  readonly type: 'original-entry';
  /** Of Original's mastership row when it executed. */
  readonly epoch: number;
  readonly state: Thing | null;
  readonly answer: Answer | null;
  readonly fence: Fence | null;
}

/** An entry of `<ns>.things.original`, in its place: it counts only right after the one before it (P4). */
export interface Observed {
  readonly type: 'observed';
  readonly feedOffset: number;
  readonly previousFeedOffset: number;
  readonly epoch: number;
  readonly state: Thing | null;
  readonly answer: Answer | null;
  readonly fence: Fence | null;
}

export type Outcome = Genesis | Decided | Misfit | Released | Refused | Switched | Observed;

/** An outcome as it stands in the log. */
export interface OutcomeRecord {
  readonly outcome: Outcome;
  /** The bytes of its value on the wire, which the digest of the chain runs over. */
  readonly bytes: Uint8Array;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}
