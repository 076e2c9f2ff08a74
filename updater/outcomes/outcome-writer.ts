/**
 * Appends outcomes of one partition. After a failed append nobody knows what is in the log, so the partition is read to
 * its end before anything else is written.
 */
import type { RecordCodec } from '../../shared/records/record-codec.ts';
import type { Outcome, OutcomeRecord } from '../../shared/domain/outcome.ts';
import type { EventLog } from '../../shared/log/event-log.ts';
import { createBackOff, type BackOff } from '../../shared/process/back-off.ts';
import { retryForever } from '../../shared/process/retry-forever.ts';
import type { Logger } from '../../shared/process/logger.ts';
import type { Progress } from '../../shared/process/progress.ts';
import type { Time } from '../../shared/process/time.ts';

export interface OutcomeWriterParts {
  readonly topic: string;
  readonly partition: number;
  readonly log: EventLog;
  readonly codec: RecordCodec;
  /** How far the outcomes were read back. */
  readonly progress: Progress;
  readonly logger: Logger;
  readonly time: Time;
  readonly stopped: () => boolean;
}

/** `value` is what goes on the wire. */
export type PreparedOutcome = OutcomeRecord & { readonly value: Buffer };

export interface OutcomeWriter {
  prepare(outcome: Outcome): PreparedOutcome;
  /** Returns the offset. Throws when it is not known whether the record is in the log. */
  append(key: string, record: PreparedOutcome): Promise<number>;
  /** Resolves when everything was read that was in the log at some moment after the call. */
  readToEnd(): Promise<void>;
}

const READ_BACK_WAIT_MS = 30_000;
/** After an append that failed: a refusal comes at once, so without a delay it would be tried all the time. */
const RETRY_FIRST_MS = 20;
const RETRY_MAX_MS = 1_000;

export const appendBackOff = (): BackOff => createBackOff(RETRY_FIRST_MS, RETRY_MAX_MS);

export const createOutcomeWriter = (parts: OutcomeWriterParts): OutcomeWriter => {
  const { topic, partition, log, codec, progress, logger, time, stopped } = parts;
  return {
    prepare: (outcome) => {
      const value = codec.encode(outcome);
      return { outcome, value, bytes: codec.chainBytes(value), timestamp: time.now() };
    },
    append: (key, { value, timestamp }) => log.append(topic, { partition, key, value, timestamp }),
    readToEnd: async () => {
      await retryForever(
        'the outcomes could not be read to their end, trying again',
        { logger, time },
        stopped,
        async () => {
          const ends = await log.endOffsets(topic);
          await progress.until(partition, ends[partition]!, READ_BACK_WAIT_MS);
        },
      );
    },
  };
};
