/**
 * Decides the commands of one partition, in their order: by itself while Shiny is master of the partition, through the Original
 * API while Original does. Every command gets exactly one counted decision, repeats and marks included.
 *
 * Any number of updaters may run; safety comes from the fold. Only to spare work, one that sees another's decision
 * count lets that one lead, and steps in when a command has waited for STANDBY_MS.
 */
import type { Decision } from '../../shared/domain/answer.ts';
import { decide, decideFromFold, enabledBy } from '../../shared/domain/decide.ts';
import { isLogCommand, type LogCommand, type ThingCommand } from '../../shared/domain/command.ts';
import { decisionFault } from '../../shared/domain/divergence.ts';
import { linkAfter, type Counted } from '../../shared/domain/fold.ts';
import type { Outcome } from '../../shared/domain/outcome.ts';
import type { PartitionState } from '../../shared/domain/partition-state.ts';
import { ApiError } from '../../shared/http/errors.ts';
import type { OriginalClient } from '../../shared/contracts/original-client.ts';
import type { ReadOutcome } from '../../shared/records/outcome-reader.ts';
import { checkKnown } from '../../shared/records/feature-check.ts';
import type { Logger } from '../../shared/process/logger.ts';
import type { Progress } from '../../shared/process/progress.ts';
import type { Time } from '../../shared/process/time.ts';
import { createCommandQueue, type InvalidCommand, type QueuedCommand } from './command-queue.ts';
import type { OutcomeWriter } from '../outcomes/outcome-writer.ts';
import type { Speculation, Unread } from '../outcomes/speculation.ts';
import { createWakeup } from '../../shared/process/wakeup.ts';
import { createTroubleKeeper, type Trouble } from '../outcomes/partition-trouble.ts';
import { createSwitchSteps, type SwitchStep } from '../switch/switch-steps.ts';

export interface CommandLoopParts {
  readonly partition: number;
  readonly state: PartitionState;
  readonly speculation: Speculation;
  readonly writer: OutcomeWriter;
  readonly original: OriginalClient;
  readonly logger: Logger;
  /** How far the outcomes are folded. */
  readonly progress: Progress;
  readonly onDecided: (decision: Decision) => void;
  readonly onSwitchStep: (step: SwitchStep) => void;
  readonly time: Time;
  /** Features of this release, else for tests and the simulator. */
  readonly knownFeatures?: readonly string[] | undefined;
}

export interface CommandLoop {
  /** Commands as they lie in the log. Resolves when there is room for more. */
  offer(commands: readonly QueuedCommand[]): Promise<void>;
  /** An outcome was read and folded. */
  read(record: ReadOutcome, counted: Counted | undefined): void;
  /** Commands that were read and are not decided yet. */
  waiting(): number;
  /** How long the first of them has waited; milliseconds. */
  waitingMs(): number;
  /** Does another updater decide this partition? */
  standsBy(): boolean;
  /** Was it this updater whose decision counted last time, as far as it has tried? */
  leads(): boolean;
  trouble(): Trouble | undefined;
  /** What the switch at the head waits for, if there is one. */
  switchWaitsFor(): string | undefined;
  /** Rejects when there is a command that this release cannot decide. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/** Commands held in memory per partition; the log holds the others. */
const QUEUE_MAX_COMMANDS = 2_000;
/** Decisions that are not read back yet. */
const UNREAD_MAX_DECISIONS = 500;
export const STANDBY_MS = 300;
const ORIGINAL_RETRY_MS = 100;
/** A partition that contradicts the log is looked at again: somebody may have repaired it. */
const DIVERGED_RETRY_MS = 1_000;

/** Nothing was written (P17). A mere `bad-request` says that the two do not understand each other, and nothing of the command. */
const isUndecidable = (error: unknown): boolean => error instanceof ApiError && error.code === 'undecidable';

const isDecision = (type: Outcome['type']): boolean => type === 'decided' || type === 'invalid';

export const startCommandLoop = (parts: CommandLoopParts): CommandLoop => {
  const { partition, speculation, writer, original, logger, time } = parts;
  const wakeup = createWakeup(time);
  const drained = createWakeup(time);
  const queue = createCommandQueue();
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  /** As far as is known. */
  let leader: 'us' | 'another' | undefined;
  let unsure = false;
  const trouble = createTroubleKeeper({ partition, part: 'commands' }, { logger, time });
  let stopped = false;

  /** Undefined when there is no decision now: the master changed, or Original cannot be reached. */
  const decideNow = async (
    command: ThingCommand | LogCommand,
    offset: number,
  ): Promise<Decision | { readonly invalid: string } | undefined> => {
    const { header } = speculation;
    if (header.master === 'shiny') return decide(speculation, command);
    const known = decideFromFold(speculation, command);
    if (known !== undefined || isLogCommand(command)) return known;
    try {
      const decision = await original.decide(partition, header.epoch, command);
      if (decision !== 'not-master') {
        const fault = decisionFault(speculation, command, decision);
        if (fault === undefined) return decision;
        trouble.has('diverged', fault);
        await wakeup.wait(DIVERGED_RETRY_MS);
        return undefined;
      }
      logger.debug({ partition, offset }, 'Original is not the master, waiting for the log');
    } catch (error) {
      if (isUndecidable(error)) return { invalid: (error as Error).message };
      const isDiverged = error instanceof ApiError && error.code === 'diverged';
      trouble.has(
        isDiverged ? 'diverged' : 'stuck',
        `Original does not decide: ${(error as Error).message}`,
        error,
      );
    }
    await wakeup.wait(ORIGINAL_RETRY_MS);
    return undefined;
  };

  const append = async (
    record: ReturnType<OutcomeWriter['prepare']>,
    commandId: string,
    mine: Unread,
  ): Promise<void> => {
    try {
      mine.appendedAt = await writer.append(commandId, record);
      noteWhoLeads(mine);
    } catch (error) {
      trouble.has('stuck', `the outcomes cannot be written: ${(error as Error).message}`, error);
      unsure = true;
      wakeup.raise();
    }
  };

  const noteWhoLeads = ({ appendedAt, countedAt }: Unread): void => {
    if (appendedAt === undefined || countedAt === undefined) return;
    const now = appendedAt === countedAt ? 'us' : 'another';
    if (leader !== now) logger.debug({ partition, leader: now }, 'who decides has changed');
    leader = now;
  };

  const step = async (): Promise<void> => {
    if (unsure) {
      await writer.readToEnd();
      speculation.drop();
      unsure = false;
    }
    const waiting = queue.after(speculation.header.position);
    if (waiting === undefined || speculation.unread() >= UNREAD_MAX_DECISIONS) return wakeup.wait();
    const standbyLeft = leader === 'another' ? waiting.since + STANDBY_MS - time.monotonic() : 0;
    if (standbyLeft > 0) return wakeup.wait(standbyLeft);

    const { command, offset } = waiting;
    if (command.type === 'switch') {
      // P6: a switch is taken up once everything before it was read back, and nothing is decided past it before it was.
      return speculation.unread() > 0 ? wakeup.wait() : switchSteps.next(command, offset);
    }

    const { header } = speculation;
    if (command.type === 'invalid') return passOver(command, offset);
    if (command.type === 'enable')
      checkKnown([command.feature], `commands/${partition} offset ${offset}`, parts.knownFeatures);
    const decision = await decideNow(command, offset);
    // While we asked Original, somebody else's decision may have been read.
    if (decision === undefined || speculation.header.position !== header.position || unsure) return;
    if (speculation.header.digest !== header.digest || speculation.header.epoch !== header.epoch) return;
    if ('invalid' in decision) return passOver({ type: 'invalid', reason: decision.invalid }, offset);
    const record = writer.prepare({
      type: 'decided',
      ...linkAfter(header),
      epoch: header.epoch,
      offset,
      answer: decision.answer,
      state: decision.state,
      feature: enabledBy(command, decision),
    });
    void append(record, command.commandId, speculation.add(record));
    parts.onDecided(decision);
  };

  /** P17: the same by every updater, whoever is master. */
  const passOver = ({ reason }: InvalidCommand, offset: number): void => {
    const { header } = speculation;
    logger.warn({ partition, offset, reason }, 'passing over a record that is no command');
    const record = writer.prepare({ type: 'invalid', ...linkAfter(header), epoch: header.epoch, offset });
    void append(record, '', speculation.add(record));
  };

  const run = async (): Promise<void> => {
    while (!stopped) await step();
  };
  const switchSteps = createSwitchSteps({ ...parts, outcomeRead: wakeup, onStep: parts.onSwitchStep });
  const running = run().catch(fail);

  return {
    offer: async (commands) => {
      const since = time.monotonic();
      for (const command of commands) queue.push({ ...command, since });
      // What another updater has decided meanwhile must not stand in the way of what comes.
      queue.dropThrough(parts.state.header.position);
      wakeup.raise();
      while (queue.size() > QUEUE_MAX_COMMANDS && !stopped) await drained.wait();
    },
    read: (record, counted) => {
      if (counted !== undefined && queue.dropThrough(counted.header.position)) {
        trouble.over();
        drained.raise();
      }
      const own = speculation.read(record, counted);
      if (own === 'dropped') {
        leader = 'another';
        logger.info(
          { partition, offset: record.offset },
          'another updater was first, dropping what was not read back',
        );
      } else if (own !== undefined) {
        noteWhoLeads(own);
      } else if (counted !== undefined && isDecision(record.outcome.type)) {
        leader = 'another';
      }
      wakeup.raise();
    },
    waiting: queue.size,
    waitingMs: () => {
      const first = queue.after(speculation.header.position);
      return first === undefined ? 0 : time.monotonic() - first.since;
    },
    trouble: trouble.present,
    switchWaitsFor: switchSteps.waitsFor,
    failed,
    standsBy: () => leader === 'another',
    leads: () => leader === 'us',
    stop: async () => {
      stopped = true;
      wakeup.raise();
      drained.raise();
      await running;
    },
  };
};
