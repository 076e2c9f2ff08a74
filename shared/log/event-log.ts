/**
 * The log seam: partitioned topics that only grow. Kafka, through two clients, and memory; one contract suite
 * (event-log.contract.ts) runs against all.
 */
import type { Linger } from './linger.ts';

export interface AppendRecord {
  readonly partition: number;
  readonly key: string;
  readonly value: Buffer;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

export interface LogRecord extends AppendRecord {
  readonly offset: number;
  /** The record has no value (Kafka's null); `value` is empty then. */
  readonly isTombstone?: true;
}

/** The next offset to read in one partition of one topic. */
export interface LogPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /**
   * Only with `offset: 0`: reading may start at the first record that is still there, since a compacted topic may begin at
   * any offset. Without it a later beginning is an OffsetGoneError.
   */
  readonly mayBeginLater?: true;
}

/**
 * Records of one partition, in order, and the offset from which reading goes on. `records` is empty when only the place
 * has moved: over transaction markers, or what compaction has taken. The next batch of that partition waits until the
 * promise is settled.
 */
export type OnRecords = (
  topic: string,
  partition: number,
  records: LogRecord[],
  next: number,
) => Promise<void>;

export interface Tail {
  /**
   * Rejects when reading cannot go on: the reader threw, or, with OffsetGoneError, an offset is no longer there or the
   * topic is not the one of the beginning any more. Never resolves.
   */
  readonly failed: Promise<never>;
  /** Why nothing can be read at present, though it is tried. */
  trouble?(): string | undefined;
  stop(): Promise<void>;
}

export interface TopicSpec {
  readonly topic: string;
  readonly partitions: number;
  readonly settings: Readonly<Record<string, string>>;
}

export interface TopicDescription {
  /** Kafka's topic id: the same as long as the topic exists, another one after it was deleted and created again. */
  readonly id: string;
  /** Per partition, the first offset that is still there. */
  readonly begins: readonly number[];
  /** Per partition, the offset that the next record will get. */
  readonly ends: readonly number[];
}

export interface EventLog {
  /**
   * Creates what is missing. Throws when a topic is there with another number of partitions; warns when it is there with
   * settings that may cost records.
   */
  createTopics(specs: readonly TopicSpec[]): Promise<void>;
  /** The number of partitions of a topic, or undefined when there is no such topic. */
  partitions(topic: string): Promise<number | undefined>;
  /** At some moment after the call; undefined when there is no such topic. */
  describeTopic(topic: string): Promise<TopicDescription | undefined>;
  /**
   * Appends a record and returns its offset once it is stored by all replicas in sync. Records of one partition keep
   * the order of the calls: when one fails, so do those behind it that wait. Topics do not wait for each other.
   *
   * Throws AppendUnknownError when it is not known whether the record was stored. With every other error of this file
   * nothing was stored: AppendRefusedError (it would be refused again), AppendNotStoredError (it may be tried again),
   * AppendOverflowError (too many appends wait).
   */
  append(topic: string, record: AppendRecord): Promise<number>;
  /**
   * Reads on from `positions`, for ever. Resolves when reading has begun. `linger` tells how many
   * milliseconds it waits, under load, for more to come together; BATCH_LINGER_MS if not given.
   *
   * Ignores transactions: none of our processes uses them, so records of an open or aborted one are read like all others,
   * and a stranger's open transaction delays no reader.
   */
  tail(positions: readonly LogPosition[], onRecords: OnRecords, linger?: Linger): Promise<Tail>;
  /** The offset that the next record will get, per partition, at some moment after the call. */
  endOffsets(topic: string): Promise<number[]>;
  close(): Promise<void>;
}

/** The record may or may not be in the log. */
export class AppendUnknownError extends Error {
  override readonly name = 'AppendUnknownError';
}

/** The record is not in the log, and would be refused again. */
export class AppendRefusedError extends Error {
  override readonly name = 'AppendRefusedError';
  /** The broker's name of the error, such as MESSAGE_TOO_LARGE. */
  readonly broker: string;

  constructor(broker: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.broker = broker;
  }

  get isTooLarge(): boolean {
    return this.broker === 'MESSAGE_TOO_LARGE' || this.broker === 'RECORD_LIST_TOO_LARGE';
  }
}

/** The record is not in the log: it was not sent, or not taken this time. */
export class AppendNotStoredError extends Error {
  override readonly name = 'AppendNotStoredError';
}

/** The record is not in the log: too many wait. */
export class AppendOverflowError extends Error {
  override readonly name = 'AppendOverflowError';
}

/** A reader asks for records that the log no longer has, or does not have yet. */
export class OffsetGoneError extends Error {
  override readonly name = 'OffsetGoneError';
}
