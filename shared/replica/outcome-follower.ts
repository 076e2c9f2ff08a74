/** Follows the outcomes into a fold store: one batch of changes per batch of records, and then whoever wants to know is told. */
import type { RecordCodec } from '../records/record-codec.ts';
import { fold, type Folded } from '../domain/fold.ts';
import { checkDecided, checkKnown } from '../records/feature-check.ts';
import type { LogPosition, LogRecord } from '../log/event-log.ts';
import { readOutcomes, type ReadOutcome } from '../records/outcome-reader.ts';
import type { Logger } from '../process/logger.ts';
import { createProgress, type Progress } from '../process/progress.ts';
import type { Time } from '../process/time.ts';
import type { FoldStore } from './fold-store.ts';

export interface OutcomeFollowerParts {
  /** Of the outcomes. */
  readonly topic: string;
  readonly store: FoldStore;
  readonly codec: RecordCodec;
  /** Of the outcomes, noted at start. */
  readonly ends: readonly number[];
  readonly logger: Logger;
  /** After the batch, in the order of the log. `counted` is undefined for a record that does not count. */
  readonly onFolded: (partition: number, record: ReadOutcome, counted: Folded | undefined) => void;
  readonly time: Time;
  /** Features of this release, else for tests and the simulator. */
  readonly knownFeatures?: readonly string[] | undefined;
}

export interface OutcomeFollower {
  readonly progress: Progress;
  /** Where to read on. */
  readonly positions: LogPosition[];
  /** `next`: from where reading goes on. */
  onRecords(partition: number, records: readonly LogRecord[], next: number): Promise<void>;
  /** Partitions that have not reached the end noted at start. */
  behind(): number;
}

const REPORT_EVERY_MS = 2_000;

/** Throws StartError, at once or while it follows, where a feature is enabled that this release does not know. */
export const createOutcomeFollower = (parts: OutcomeFollowerParts): OutcomeFollower => {
  const { topic, store, codec, ends, onFolded } = parts;
  for (const partition of ends.keys()) {
    const place = `outcomes/${partition} before offset ${store.nextOffset(partition)}`;
    checkKnown(store.state(partition).header.features, place, parts.knownFeatures);
  }
  const progress = createProgress(
    ends.map((_, partition) => store.nextOffset(partition)),
    parts.time,
  );
  const behind = (): number => ends.filter((end, partition) => progress.next(partition) < end).length;
  const report = catchUpReport(parts, progress, behind);
  const alarm = gapAlarm(parts);

  return {
    progress,
    positions: ends.map((_, partition) => ({ topic, partition, offset: store.nextOffset(partition) })),
    onRecords: async (partition, records, next) => {
      const outcomes = await readOutcomes(codec, records);
      const state = store.state(partition);
      const folded: { record: ReadOutcome; counted: Folded | undefined }[] = [];
      store.batch(() => {
        for (const record of outcomes) {
          if (record.offset < store.nextOffset(partition)) continue;
          const counted = fold(state, record);
          if (counted !== undefined)
            checkDecided(record.outcome, partition, record.offset, parts.knownFeatures);
          folded.push({ record, counted });
          store.setNextOffset(partition, record.offset + 1);
        }
        if (next > store.nextOffset(partition)) store.setNextOffset(partition, next);
      });
      for (const { record, counted } of folded) {
        alarm(partition, record, counted);
        onFolded(partition, record, counted);
      }
      progress.reached(partition, store.nextOffset(partition));
      report(folded.length);
      await store.drained();
    },
    behind,
  };
};

/**
 * Says, once until a record counts again, that a record follows another one that the log does not have: it does not count. After
 * a lost append that is in order and passes; if it stays, the log or the feed has lost records.
 */
const gapAlarm = ({ store, logger }: OutcomeFollowerParts) => {
  const alarmed = new Set<number>();
  return (partition: number, { offset, outcome }: ReadOutcome, counted: Folded | undefined): void => {
    if (counted !== undefined) {
      alarmed.delete(partition);
      return;
    }
    const { header } = store.state(partition);
    const [previous, position] =
      outcome.type === 'observed'
        ? [outcome.previousFeedOffset, header.feedPosition]
        : 'previousOffset' in outcome
          ? [outcome.previousOffset, header.position]
          : [-1, 0];
    if (previous <= position || alarmed.has(partition)) return;
    alarmed.add(partition);
    logger.warn(
      { partition, offset, type: outcome.type, previous, position },
      'an outcome follows one that the log does not have, and does not count',
    );
  };
};

/** Says how far a rebuild is: records, rate, seconds left. Only while there is something to catch up with. */
const catchUpReport = (
  { ends, logger, time }: OutcomeFollowerParts,
  progress: Progress,
  behind: () => number,
): ((records: number) => void) => {
  const started = time.monotonic();
  const total = ends.reduce((sum, end, partition) => sum + Math.max(0, end - progress.next(partition)), 0);
  let read = 0;
  let reportedAt = started;
  let done = total === 0;
  return (records) => {
    if (done) return;
    read += records;
    const now = time.monotonic();
    const seconds = (now - started) / 1000;
    if (behind() === 0) {
      done = true;
      logger.info({ records: read, seconds: round(seconds) }, 'the fold has caught up with the log');
    } else if (now - reportedAt >= REPORT_EVERY_MS) {
      reportedAt = now;
      const perSecond = read / seconds;
      const secondsLeft = round((total - read) / perSecond);
      logger.info(
        { records: read, of: total, perSecond: Math.round(perSecond), secondsLeft },
        'the fold is catching up',
      );
    }
  };
};

const round = (value: number): number => Math.round(value * 10) / 10;
