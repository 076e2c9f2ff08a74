/**
 * What Original does for the updater and for Shiny, behind HTTP (internal-routes.ts) or, in the simulator, without:
 * decisions for the log, reads that say who is master, and the row of mastership.
 */
import type { Decision } from '../../shared/domain/answer.ts';
import type { ThingCommand } from '../../shared/domain/command.ts';
import { partitionOfThing } from '../../shared/domain/partition.ts';
import { ApiError, unavailable } from '../../shared/http/errors.ts';
import type { InternalMastership, InternalThing } from '../../shared/contracts/original-internal.ts';
import type { OriginalClient } from '../../shared/contracts/original-client.ts';
import type { EventLog } from '../../shared/log/event-log.ts';
import type { Progress } from '../../shared/process/progress.ts';
import type { Time } from '../../shared/process/time.ts';
import {
  DatabaseBehindError,
  DatabaseUnusableError,
  MisplacedCommandError,
  unusableMessage,
} from '../store/database-errors.ts';
import type { Mastership, ThingStore } from '../store/thing-store.ts';
import { longTransaction } from '../store/outbox-watch.ts';

export interface InternalHandlersParts {
  readonly things: ThingStore;
  /** Throws ApiError when the partition serves no write now. */
  readonly checkWritable: (partition: number) => void;
  readonly log: EventLog;
  /** `<ns>.things.original` */
  readonly feedTopic: string;
  readonly partitions: number;
  /** How far the mirror is. */
  readonly mirrored: Progress;
  readonly responseWaitMs: number;
  readonly time: Time;
}

export type InternalHandlers = Omit<OriginalClient, 'close'>;

const OUTBOX_POLL_MS = 2;
const MASTERSHIP_POLL_MS = 2;
/** An outbox larger than this is counted no further. */
const OUTBOX_COUNT_MAX = 10_000;

export const internalHandlers = (parts: InternalHandlersParts): InternalHandlers => {
  const { things, checkWritable, log, feedTopic, partitions, mirrored, responseWaitMs, time } = parts;

  const shown = async (partition: number, asked: Promise<Mastership>): Promise<InternalMastership> => {
    const [{ master, epoch, refusedReason }, unpublished, oldestTransaction] = await Promise.all([
      asked,
      things.outboxSize(OUTBOX_COUNT_MAX),
      longTransaction(things, time.now()),
    ]);
    const row = { master, epoch, refusedReason, unpublished, mirrorNext: mirrored.next(partition) };
    return oldestTransaction === undefined ? row : { ...row, oldestTransaction };
  };

  return {
    decide: async (partition, fencingEpoch, command: ThingCommand): Promise<Decision | 'not-master'> => {
      checkWritable(partition);
      try {
        const decision = await things.decide({ partition, command, fencingEpoch, now: time.now() });
        // A session that began meanwhile may have shown that the database was set back.
        checkWritable(partition);
        return decision;
      } catch (error) {
        if (error instanceof DatabaseBehindError) throw new ApiError('diverged', error.message);
        if (error instanceof MisplacedCommandError) throw new ApiError('undecidable', error.message);
        if (error instanceof DatabaseUnusableError)
          throw unavailable(`nothing was written, ${unusableMessage(error)}`);
        throw error;
      }
    },
    thing: async (id): Promise<InternalThing> => {
      const found = await things.thingWithMaster(id, partitionOfThing(id, partitions));
      return { ...found, thing: found.thing ?? null };
    },
    feedEnds: async (waitMs = responseWaitMs) => {
      const mark = await things.outboxMark();
      const deadline = time.monotonic() + waitMs;
      while (!(await things.outboxPassed(mark))) {
        if (time.monotonic() > deadline) throw unavailable('the outbox is not published yet; try again');
        await time.sleep(OUTBOX_POLL_MS);
      }
      return log.endOffsets(feedTopic);
    },
    mastership: async (partition, past = -1, waitMs = 0) => {
      const deadline = time.monotonic() + waitMs;
      while (time.monotonic() < deadline && (await things.mastership(partition)).epoch <= past)
        await time.sleep(MASTERSHIP_POLL_MS);
      return shown(partition, things.mastership(partition));
    },
    fence: async (partition, epoch) => {
      checkWritable(partition);
      return shown(partition, things.fence(partition, epoch));
    },
    abortSwitch: (partition, epoch, reason) => shown(partition, things.abortSwitch(partition, epoch, reason)),
  };
};
