/**
 * What the Original API does for its routes. A write goes straight to Original's store while Original is master of the
 * partition; while Shiny is its master, it is forwarded as a command with the same command id, and answered once the mirror has
 * it, so that plain reads do not go back in time.
 */
import type { CommandSender } from '../shared/commands/command-sender.ts';
import type { Decision } from '../shared/domain/answer.ts';
import { partitionOfCommand, type ThingCommand } from '../shared/domain/command.ts';
import { toOriginalThing } from '../shared/domain/mapping.ts';
import { partitionOfThing } from '../shared/domain/partition.ts';
import type { Thing } from '../shared/domain/thing.ts';
import { ApiError, unavailable } from '../shared/http/errors.ts';
import { checkEnabled, type FieldGate } from '../shared/things-api/field-gate.ts';
import type { ThingsBackend, ThingView } from '../shared/things-api/things-backend.ts';
import type { EventLog } from '../shared/log/event-log.ts';
import type { Logger } from '../shared/process/logger.ts';
import type { Progress } from '../shared/process/progress.ts';
import { rejectAfter } from '../shared/process/timeout.ts';
import type { Time } from '../shared/process/time.ts';
import { createTrouble } from '../shared/process/trouble.ts';
import { DatabaseBehindError, DatabaseUnusableError, unusableMessage } from './store/database-errors.ts';
import type { ThingStore } from './store/thing-store.ts';
import { createThingLanes } from './thing-lanes.ts';

export interface OriginalBackendParts {
  readonly things: ThingStore;
  /** Throws ApiError when the partition serves no write now. */
  readonly checkWritable: (partition: number) => void;
  readonly partitions: number;
  /** Features that are enabled in the partition, as far as the mirror has read. */
  readonly features: (partition: number) => readonly string[];
  readonly sender: CommandSender;
  readonly log: EventLog;
  readonly outcomesTopic: string;
  readonly mirrored: Progress;
  readonly responseWaitMs: number;
  readonly time: Time;
  readonly logger: Logger;
}

const RETRY_DELAY_MS = 100;
const OTHER_PARTITIONS_WAIT_MS = 500;

export const originalBackend = (parts: OriginalBackendParts): ThingsBackend => {
  const readTrouble = createTrouble(
    parts.logger,
    'database, log or mirror do not answer reads',
    parts.time.monotonic,
  );
  const trouble = createTrouble(parts.logger, 'the database does not answer writes', parts.time.monotonic);
  const { things, checkWritable, partitions, sender, log, mirrored, responseWaitMs, time } = parts;

  const lanes = createThingLanes(time);

  const isWritable = (partition: number): boolean => {
    try {
      checkWritable(partition);
      return true;
    } catch {
      return false;
    }
  };
  /** Returns undefined when the turn of the command does not come within `waitMs`. */
  const inTurn = (partition: number, command: ThingCommand, waitMs: number) => {
    const decide = () => things.decide({ partition, command, fencingEpoch: null, now: time.now() });
    return command.type === 'create' ? decide() : lanes.run(command.thingId, waitMs, decide);
  };
  /** When the store fails, the outcome is unknown. A retry is harmless, because it has the same command id. */
  const decideDirectly = async (command: ThingCommand): Promise<Decision | 'not-master'> => {
    const partition = partitionOfCommand(command, partitions);
    checkWritable(partition);
    const deadline = time.monotonic() + responseWaitMs;
    for (let tries = 1; ; tries++) {
      // A session opened since the first try may have shown that the database was set back: its answer does not count.
      if (tries > 1 && !isWritable(partition)) throw outcomeUnknown(command);
      try {
        const decision = await inTurn(partition, command, deadline - time.monotonic());
        if (decision === undefined) throw tries > 1 ? outcomeUnknown(command) : busy();
        trouble.over();
        if (decision === 'not-master' || isWritable(partition)) return decision;
        throw outcomeUnknown(command);
      } catch (error) {
        if (error instanceof ApiError) throw error;
        trouble.met(error, { commandId: command.commandId });
        // After an earlier try, the outcome is unknown: that try may have written.
        if (isFinal(error)) throw tries > 1 ? outcomeUnknown(command) : refusalOf(error);
        if (time.monotonic() + RETRY_DELAY_MS >= deadline) throw outcomeUnknown(command);
        await time.sleep(RETRY_DELAY_MS);
      }
    }
  };

  const reading = async <T>(read: () => Promise<T>): Promise<T> => {
    try {
      const found = await read();
      readTrouble.over();
      return found;
    } catch (error) {
      readTrouble.met(error);
      throw unavailable(
        'the latest state is not known now: the database, the log or the mirror is behind; try again',
      );
    }
  };

  const logEnds = (): Promise<number[]> =>
    rejectAfter(time, responseWaitMs, 'asking for the end of the log', log.endOffsets(parts.outcomesTopic));

  /** Resolves when the mirror has everything that was in the log at some moment after the call. */
  const mirrorCaughtUp = async (ends: readonly number[], waitMs: number): Promise<void> => {
    await Promise.all(ends.map((end, partition) => mirrored.until(partition, end, waitMs)));
  };

  /** For when Shiny is master: returns the stored answer to this id, from any partition; if there is none, Shiny decides. */
  const forward = async (command: ThingCommand): Promise<Decision> => {
    const ends = await reading(logEnds);
    // Best effort: waits up to 500 ms for the mirror so that a key used in another partition gets 422. If the mirror is slower,
    // forwards anyway.
    await mirrorCaughtUp(ends, OTHER_PARTITIONS_WAIT_MS).catch(() => undefined);
    const known = await decideDirectly(command);
    return known === 'not-master' ? sender.sendAndWait(command) : known;
  };

  /** P9: reads the table if the same statement sees Original as master; else waits until the mirror has the log's present end. */
  const latest = async (id: number): Promise<Thing | undefined> => {
    const partition = partitionOfThing(id, partitions);
    const first = await things.thingWithMaster(id, partition);
    if (first.master === 'original') return first.thing;
    const ends = await logEnds();
    await mirrored.until(partition, ends[partition]!, responseWaitMs);
    return (await things.thingWithMaster(id, partition)).thing;
  };

  const gate: FieldGate = {
    features: parts.features,
    caughtUp: async (partition) => {
      checkWritable(partition);
      const ends = await reading(logEnds);
      await reading(() => mirrored.until(partition, ends[partition]!, responseWaitMs));
    },
  };

  return {
    write: async (command) => {
      const partition = partitionOfCommand(command, partitions);
      await checkEnabled(command, partition, gate);
      const direct = await decideDirectly(command);
      const decision = direct === 'not-master' ? await forward(command) : direct;
      return { kind: 'decided', decision };
    },
    thing: async (id, options) => {
      const thing = await reading(() => (options.latest ? latest(id) : things.thing(id)));
      return thing === undefined ? undefined : viewOf(thing);
    },
    things: async (after, limit) => {
      const found = await reading(() => things.things(after, limit));
      return found.map((thing) => ({ id: thing.id, json: viewOf(thing).json }));
    },
    caughtUp: () => reading(async () => mirrorCaughtUp(await logEnds(), responseWaitMs)),
  };
};

const viewOf = (thing: Thing): ThingView => ({
  version: thing.version,
  json: JSON.stringify(toOriginalThing(thing)),
});

const isFinal = (error: unknown): error is DatabaseBehindError | DatabaseUnusableError =>
  error instanceof DatabaseBehindError || error instanceof DatabaseUnusableError;

const refusalOf = (error: DatabaseBehindError | DatabaseUnusableError): ApiError =>
  error instanceof DatabaseBehindError
    ? new ApiError('diverged', `nothing was written: ${error.message}`)
    : unavailable(`nothing was written, ${unusableMessage(error)}`);

const busy = (): ApiError =>
  unavailable('nothing was written: other writes of the Thing wait for its row; try again');

const outcomeUnknown = ({ commandId }: ThingCommand): ApiError =>
  new ApiError(
    'outcome-unknown',
    `the outcome is not known: the database did not answer in time; the same request with the Idempotency-Key ${commandId} gets its answer`,
    { 'x-command-id': commandId },
  );
