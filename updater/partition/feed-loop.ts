/**
 * Puts Original's feed into the outcomes of one partition, each entry in its place (P4): always the entries behind the
 * fold's feed position, one batch at a time, and again until they were read back. It has no cursor of its own: entries sent
 * while Original is not master do not count, and a cursor would skip them.
 */
import type { UnreadableRecord } from '../../shared/records/record-codec.ts';
import type { Observed, OriginalEntry } from '../../shared/domain/outcome.ts';
import { decideStateOf } from '../../shared/domain/decide.ts';
import { entryFault } from '../../shared/domain/divergence.ts';
import type { Counted } from '../../shared/domain/fold.ts';
import type { PartitionState } from '../../shared/domain/partition-state.ts';
import type { ReadOutcome } from '../../shared/records/outcome-reader.ts';
import type { Logger } from '../../shared/process/logger.ts';
import type { Progress } from '../../shared/process/progress.ts';
import type { Time } from '../../shared/process/time.ts';
import { createActiveUpdater } from './active-updater.ts';
import { appendBackOff, type OutcomeWriter } from '../outcomes/outcome-writer.ts';
import { createWakeup } from '../../shared/process/wakeup.ts';
import { createTroubleKeeper, type Trouble } from '../outcomes/partition-trouble.ts';

export interface FeedLoopParts {
  readonly partition: number;
  readonly state: PartitionState;
  readonly writer: OutcomeWriter;
  readonly progress: Progress;
  readonly logger: Logger;
  readonly time: Time;
}

export interface FeedEntry {
  readonly offset: number;
  /** Unreadable: it is passed over (P17). */
  readonly entry: OriginalEntry | UnreadableRecord;
}

export interface FeedLoop {
  /** Entries as they lie in the feed. Resolves when there is room for more. */
  offer(entries: readonly FeedEntry[]): Promise<void>;
  /** An outcome was read and folded. */
  read(record: ReadOutcome, counted: Counted | undefined): void;
  /** Entries that were read and are not in the outcomes yet. */
  waiting(): number;
  /** Does this updater send the entries, as far as it has tried? */
  isActive(): boolean;
  trouble(): Trouble | undefined;
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

const QUEUE_MAX_ENTRIES = 2_000;
const BATCH_MAX_ENTRIES = 500;
const READ_BACK_WAIT_MS = 10_000;
/** A partition that contradicts the log is looked at again: somebody may have repaired it. */
const DIVERGED_RETRY_MS = 1_000;

const observedOf = (
  entry: FeedEntry['entry'],
  place: Pick<Observed, 'feedOffset' | 'previousFeedOffset'>,
  presentEpoch: number,
): Observed => {
  const type = 'observed';
  if (entry.type === 'unreadable')
    return { type, ...place, number: null, epoch: presentEpoch, state: null, answer: null, fence: null };
  const { number, epoch, state, answer, fence } = entry;
  return { type, ...place, number, epoch, state, answer, fence };
};

export const startFeedLoop = (parts: FeedLoopParts): FeedLoop => {
  const { partition, state, writer, progress, logger, time } = parts;
  const wakeup = createWakeup(time);
  const drained = createWakeup(time);
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  const decideState = decideStateOf(state);
  const trouble = createTroubleKeeper({ partition, part: 'feed' }, { logger, time });
  const active = createActiveUpdater(time);
  const backOff = appendBackOff();
  let queue: (FeedEntry & { enqueuedAt: number })[] = [];
  /** Outcome offset at which an entry counted, by feed offset; of the batch under way. */
  let countedAt = new Map<number, number>();
  let isSending = false;
  let stopped = false;

  /**
   * What may be sent behind the fold: up to the first entry that contradicts the log, or that can be judged only once those
   * before it are read back.
   */
  const sendable = (): readonly FeedEntry[] => {
    const batch: FeedEntry[] = [];
    let next = state.header.entryNumber + 1;
    for (const queued of queue.slice(0, BATCH_MAX_ENTRIES)) {
      const { entry, offset } = queued;
      if (entry.type === 'unreadable') {
        logger.warn(
          { partition, offset, reason: entry.reason },
          'passing over an entry of the feed that cannot be read',
        );
      } else {
        // A repeat of an entry of this batch: it can be judged once the first one is read back.
        if (entry.number < next && entry.number > state.header.entryNumber) break;
        const fault = entryFault(decideState, entry, next);
        if (fault !== undefined && batch.length === 0) trouble.has('diverged', fault);
        if (fault !== undefined) break;
        if (entry.number === next) next++;
      }
      batch.push(queued);
    }
    return batch;
  };

  const send = async (batch: readonly FeedEntry[]): Promise<void> => {
    countedAt = new Map();
    isSending = true;
    let previousFeedOffset = state.header.feedPosition;
    const appending = batch.map(({ offset: feedOffset, entry }) => {
      const place = { feedOffset, previousFeedOffset };
      previousFeedOffset = feedOffset;
      const key = entry.type === 'unreadable' ? '' : (entry.answer?.commandId ?? '');
      return writer.append(key, writer.prepare(observedOf(entry, place, state.header.epoch)));
    });
    try {
      const offsets = await Promise.all(appending);
      await progress.until(partition, offsets.at(-1)! + 1, READ_BACK_WAIT_MS);
      const first = countedAt.get(batch[0]!.offset);
      trouble.over();
      backOff.reset();
      active.is(first === undefined ? undefined : first === offsets[0] ? 'us' : 'another');
    } catch (error) {
      await Promise.allSettled(appending);
      if (stopped) return;
      trouble.has('stuck', `the feed cannot be put into the outcomes: ${(error as Error).message}`, error);
      await writer.readToEnd();
      await time.sleep(backOff.next());
    } finally {
      isSending = false;
    }
  };

  const step = async (): Promise<void> => {
    const { master, feedPosition } = state.header;
    const [first] = queue;
    if (first === undefined || master !== 'original') return wakeup.wait();
    const standbyLeft = active.standbyLeftMs(first.enqueuedAt);
    if (standbyLeft > 0) return wakeup.wait(standbyLeft);
    if (first.offset <= feedPosition) return forget();
    const batch = sendable();
    if (batch.length === 0) return wakeup.wait(DIVERGED_RETRY_MS);
    await send(batch);
  };

  const forget = (): void => {
    const { feedPosition } = state.header;
    const before = queue.length;
    if (queue[0] !== undefined && queue[0].offset <= feedPosition) {
      queue = queue.filter(({ offset }) => offset > feedPosition);
    }
    if (queue.length < before) drained.raise();
  };

  const run = async (): Promise<void> => {
    while (!stopped) await step();
  };
  const running = run().catch(fail);

  return {
    offer: async (entries) => {
      const enqueuedAt = time.monotonic();
      for (const entry of entries) queue.push({ ...entry, enqueuedAt });
      wakeup.raise();
      while (queue.length > QUEUE_MAX_ENTRIES && !stopped) await drained.wait();
    },
    read: (record, counted) => {
      if (counted === undefined) return;
      if (record.outcome.type === 'observed') {
        if (isSending) countedAt.set(record.outcome.feedOffset, record.offset);
        forget();
      }
      wakeup.raise();
    },
    waiting: () => queue.length,
    isActive: active.isUs,
    trouble: trouble.present,
    failed,
    stop: async () => {
      stopped = true;
      wakeup.raise();
      drained.raise();
      await running;
    },
  };
};
