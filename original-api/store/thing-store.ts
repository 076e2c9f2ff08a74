/**
 * The old system's store of Things: the seam. Two implementations, Postgres and memory; one contract suite
 * (thing-store.contract.ts) runs against both.
 */
import type { Decision } from '../../shared/domain/answer.ts';
import type { ThingCommand } from '../../shared/domain/command.ts';
import type { PartitionHeader } from '../../shared/domain/partition-state.ts';
import type { OriginalEntry } from '../../shared/domain/outcome.ts';
import type { Api, Thing } from '../../shared/domain/thing.ts';

export interface DecideRequest {
  readonly partition: number;
  readonly command: ThingCommand;
  /** The fold's epoch for a command of the log; null for a direct write. */
  readonly fencingEpoch: number | null;
  /** Milliseconds since 1970, UTC. */
  readonly now: number;
}

/** An entry of the outbox, not published yet, or not known to be; with the number that it has, or will have, in the feed (P16). */
export interface OutboxEntry {
  readonly xid: string;
  readonly id: number;
  readonly partition: number;
  readonly entry: OriginalEntry;
}

export interface MirrorCheckpoint {
  /** Offset of the next outcome to read. */
  readonly nextOffset: number;
  /** The fold's header before it. */
  readonly header: PartitionHeader;
}

/** Who may write in a partition: the one place where "switched or not" is decided (P12). */
export interface Mastership {
  readonly master: Api;
  /** Of the last switch decision, refused ones too. */
  readonly epoch: number;
  /** The epoch of the last change of master. */
  readonly masterSinceEpoch: number;
  /** Why the switch to `epoch` was aborted, if it was. */
  readonly refusedReason: string | null;
}

/** Shiny has let go of a partition for `epoch`; no id up to `idFloor` may be given again. */
export interface Release {
  readonly epoch: number;
  readonly idFloor: number;
}

/** What the store says of a partition, to be held against the log. */
export interface PartitionFacts {
  readonly partition: number;
  readonly master: Api;
  readonly epoch: number;
  /** Number of the last entry of the outbox that was published and removed (P16). */
  readonly removed: number;
  /** Entries in the outbox. */
  readonly waiting: number;
  /** How long the first of them has waited; milliseconds, 0 if there is none. */
  readonly waitingMs: number;
  /** Offset of the next outcome that the mirror applies. */
  readonly mirrored: number;
}

/** A version that the log has, and with it the table. */
export interface ThingVersion {
  readonly id: number;
  readonly version: number;
}

export type StoreSession = Pick<ThingStore, 'partitionFacts' | 'missing'>;

/** A transaction of the database server that is open: whoever's. */
export interface OldestTransaction {
  /** Null for a prepared transaction. */
  readonly pid: number | null;
  readonly database: string | null;
  readonly user: string | null;
  readonly state: string | null;
  /** Null when our role may not see it. */
  readonly since: Date | null;
}

export interface ThingStore {
  /**
   * One write: fence check, stored answer, compare-and-set, outbox and stored answer, all or nothing. 'not-master' is
   * never a decision (P10). Any other failure leaves the outcome unknown; asking again is harmless.
   */
  decide(request: DecideRequest): Promise<Decision | 'not-master'>;
  /** A Thing that is not deleted. */
  thing(id: number): Promise<Thing | undefined>;
  /** The master of the partition, since which epoch, and the Thing, in one statement (P9). */
  thingWithMaster(
    id: number,
    partition: number,
  ): Promise<{ master: Api; masterSinceEpoch: number; thing: Thing | undefined }>;
  /** Things that are not deleted, with an id above `after`, in id order. */
  things(after: number, limit: number): Promise<Thing[]>;
  mastership(partition: number): Promise<Mastership>;
  /**
   * To Shiny: the compare-and-set `epoch - 1 -> epoch` with the master, and behind every write a fence in the outbox. From
   * here Original writes nothing in the partition. Returns the row as it is then, changed or not.
   */
  fence(partition: number, epoch: number): Promise<Mastership>;
  /** The compare-and-set `epoch - 1 -> epoch` without the master. Returns the row as it is then, changed or not. */
  abortSwitch(partition: number, epoch: number, reason: string): Promise<Mastership>;

  /**
   * The oldest unpublished entries that no running transaction can come before (P7), in (xid, id) order, numbered per partition:
   * an entry that is read again has the same number (P16).
   */
  readOutbox(limit: number): Promise<OutboxEntry[]>;
  /** `entries` are the oldest ones, as they were read. Those that are gone already are left alone. */
  removeFromOutbox(entries: readonly OutboxEntry[]): Promise<void>;
  /** A mark in the outbox: everything that was acknowledged before the call is behind it. */
  outboxMark(): Promise<string>;
  /** Is everything behind the mark published and removed? */
  outboxPassed(mark: string): Promise<boolean>;
  /** Entries that are not published, counted up to `limit`. */
  outboxSize(limit: number): Promise<number>;
  /**
   * Calls `wake` when entries may have come; urgent, unless they are of a command of the log, which has its decision by
   * itself. Only a hint: it may be lost, and the relay polls as well.
   */
  onOutbox(wake: (isUrgent: boolean) => void): void;

  /** Asks `verify` about each new session with the store; what it throws is thrown by who wanted the session. */
  onSession(verify: (session: StoreSession) => Promise<void>): void;
  /** By partition. */
  partitionFacts(): Promise<PartitionFacts[]>;
  /** Those of which the table has no such version, nor a later one. */
  missing(versions: readonly ThingVersion[]): Promise<ThingVersion[]>;
  /** The oldest one that has an id, if any. */
  oldestTransaction(): Promise<OldestTransaction | undefined>;

  mirrorCheckpoints(): Promise<MirrorCheckpoint[]>;
  /**
   * Takes over Shiny's decisions and moves the checkpoint of the mirror from `expectedNext` to `next`, all or nothing; false,
   * changing nothing, when it is another one. Total: what has no room is clamped and marked lossy. With `released`,
   * which lies right behind the decisions, Original becomes the master by compare-and-set `epoch - 1 -> epoch`.
   */
  applyMirror(
    partition: number,
    expectedNext: number,
    checkpoint: MirrorCheckpoint,
    decisions: readonly Decision[],
    released?: Release,
  ): Promise<boolean>;
  close(): Promise<void>;
}
