/**
 * The log seam: partitioned topics that only grow. Kafka, through two clients, and memory; one contract suite
 * (event-log.contract.ts) runs against all.
 */
import type { Breath } from './breath.ts';

export interface AppendRecord {
  readonly partition: number;
  readonly key: string;
  readonly value: Buffer;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

export interface LogRecord extends AppendRecord {
  readonly offset: number;
}

/** The next offset to read in one partition of one topic. */
export interface LogPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Records of one partition, in order. The next batch of that partition waits until the promise is settled. */
export type OnRecords = (topic: string, partition: number, records: LogRecord[]) => Promise<void>;

export interface Tail {
  /** Rejects when reading cannot go on: the reader threw, or an offset is no longer there. Never resolves. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

export interface TopicSpec {
  readonly topic: string;
  readonly partitions: number;
  readonly settings: Readonly<Record<string, string>>;
}

export interface EventLog {
  /** Creates what is missing. Throws when a topic is there with another number of partitions. */
  createTopics(specs: readonly TopicSpec[]): Promise<void>;
  /** The number of partitions of a topic, or undefined when there is no such topic. */
  partitions(topic: string): Promise<number | undefined>;
  /**
   * Appends a record and returns its offset once it is stored by all replicas in sync. Records of one partition keep
   * the order of the calls: when one fails, so do those behind it that wait. Throws AppendUnknownError when it is not known whether the record was stored, and
   * AppendOverflowError, storing nothing, when too many appends wait.
   */
  append(topic: string, record: AppendRecord): Promise<number>;
  /**
   * Reads on from `positions`, for ever. Resolves when reading has begun. `breath` tells how many
   * milliseconds it waits, under load, for more to come together; BREATH_MS if not given.
   */
  tail(positions: readonly LogPosition[], onRecords: OnRecords, breath?: Breath): Promise<Tail>;
  /** The offset that the next record will get, per partition, at some moment after the call. */
  endOffsets(topic: string): Promise<number[]>;
  close(): Promise<void>;
}

/** The record may or may not be in the log. */
export class AppendUnknownError extends Error {
  override readonly name = 'AppendUnknownError';
}

/** The record is not in the log. */
export class AppendOverflowError extends Error {
  override readonly name = 'AppendOverflowError';
}

/** A reader asks for records that the log no longer has, or does not have yet. */
export class OffsetGoneError extends Error {
  override readonly name = 'OffsetGoneError';
}
