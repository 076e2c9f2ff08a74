/**
 * Decides the commands of one partition, in their order (decide-now.ts), and carries switches through (switch-steps.ts). Every
 * command gets exactly one counted decision, repeats and marks included. Any number of updaters may run: safety comes from
 * the fold.
 */
import type { Decision } from '../../shared/domain/answer.ts';
import { enabledBy } from '../../shared/domain/decide.ts';
import type { LogCommand, ThingCommand } from '../../shared/domain/command.ts';
import { linkAfter, type Counted } from '../../shared/domain/fold.ts';
import type { Outcome } from '../../shared/domain/outcome.ts';
import type { PartitionState } from '../../shared/domain/partition-state.ts';
import type { OriginalClient } from '../../shared/contracts/original-client.ts';
import type { ReadOutcome } from '../../shared/records/outcome-reader.ts';
import { checkKnown } from '../../shared/records/feature-check.ts';
import type { Logger } from '../../shared/process/logger.ts';
import type { Progress } from '../../shared/process/progress.ts';
import type { Time } from '../../shared/process/time.ts';
import { createActiveUpdater } from './active-updater.ts';
import { createCommandQueue, type QueuedCommand, type WaitingCommand } from './command-queue.ts';
import { decideNow } from './decide-now.ts';
import { appendBackOff, type OutcomeWriter, type PreparedOutcome } from '../outcomes/outcome-writer.ts';
import type { Speculation, Unread } from '../outcomes/speculation.ts';
import { createWakeup } from '../../shared/process/wakeup.ts';
import { createTroubleKeeper, type Trouble } from '../outcomes/partition-trouble.ts';
import type { SwitchStep } from '../switch/switch-actions.ts';
import { createSwitchSteps } from '../switch/switch-steps.ts';

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
  /** Does this one, as far as it has tried? */
  isActive(): boolean;
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
const ORIGINAL_RETRY_MS = 100;
/** A partition that contradicts the log is looked at again: somebody may have repaired it. */
const DIVERGED_RETRY_MS = 1_000;

const isDecision = (type: Outcome['type']): boolean => type === 'decided' || type === 'invalid';

export const startCommandLoop = (parts: CommandLoopParts): CommandLoop => {
  const { partition, speculation, writer, original, logger, time } = parts;
  const wakeup = createWakeup(time);
  const drained = createWakeup(time);
  const queue = createCommandQueue();
  const active = createActiveUpdater(time);
  const trouble = createTroubleKeeper({ partition, part: 'commands' }, { logger, time });
  const switchSteps = createSwitchSteps({ ...parts, outcomeRead: wakeup, onStep: parts.onSwitchStep });
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  const backOff = appendBackOff();
  /** An append failed: it is unknown which of our decisions are in the log. */
  let appendUnknown = false;
  let stopped = false;

  const run = async (): Promise<void> => {
    while (!stopped) await step();
  };

  const step = async (): Promise<void> => {
    if (appendUnknown) {
      await writer.readToEnd();
      speculation.drop();
      appendUnknown = false;
      await time.sleep(backOff.next());
    }
    const waiting = queue.after(speculation.header.position);
    if (waiting === undefined || speculation.unread() >= UNREAD_MAX_DECISIONS) return wakeup.wait();
    const standbyLeft = active.standbyLeftMs(waiting.enqueuedAt);
    return standbyLeft > 0 ? wakeup.wait(standbyLeft) : take(waiting);
  };

  const take = ({ command, offset }: WaitingCommand): Promise<void> | void => {
    switch (command.type) {
      case 'switch':
        // P6: a switch starts once all decisions before it are read back; later commands wait until its own result is read back.
        return speculation.unread() > 0 ? wakeup.wait() : switchSteps.next(command, offset);
      case 'invalid':
        return passOver(command.reason, offset);
      case 'enable':
        checkKnown([command.feature], `commands/${partition} offset ${offset}`, parts.knownFeatures);
        return decideCommand(command, offset);
      case 'create':
      case 'update':
      case 'delete':
      case 'mark':
        return decideCommand(command, offset);
    }
  };

  const decideCommand = async (command: ThingCommand | LogCommand, offset: number): Promise<void> => {
    const { header } = speculation;
    const decided = await decideNow(speculation, command, partition, original);
    if (decided.kind === 'not-now') {
      if (decided.trouble === undefined)
        logger.debug({ partition, offset }, 'Original is not the master, waiting for the log');
      else trouble.has(decided.trouble.kind, decided.trouble.reason, decided.error);
      const isDiverged = decided.trouble?.kind === 'diverged';
      return wakeup.wait(isDiverged ? DIVERGED_RETRY_MS : ORIGINAL_RETRY_MS);
    }
    // While Original was asked, somebody else's decision may have been read.
    const now = speculation.header;
    const isSame =
      now.position === header.position && now.digest === header.digest && now.epoch === header.epoch;
    if (!isSame || appendUnknown) return;
    if (decided.kind === 'invalid') return passOver(decided.reason, offset);
    const { decision } = decided;
    const record = writer.prepare({
      type: 'decided',
      ...linkAfter(header),
      epoch: header.epoch,
      offset,
      answer: decision.answer,
      state: decision.state,
      feature: enabledBy(command, decision),
    });
    void append(record, command.commandId);
    parts.onDecided(decision);
  };

  /** P17: every updater decides this the same way, whichever API is master. */
  const passOver = (reason: string, offset: number): void => {
    const { header } = speculation;
    logger.warn({ partition, offset, reason }, 'passing over a record that is no command');
    void append(writer.prepare({ type: 'invalid', ...linkAfter(header), epoch: header.epoch, offset }), '');
  };

  /** Does not wait for the log: the next command is decided behind it (P3). */
  const append = async (record: PreparedOutcome, key: string): Promise<void> => {
    const mine = speculation.add(record);
    try {
      mine.appendedAt = await writer.append(key, record);
      backOff.reset();
      noteActive(mine);
    } catch (error) {
      trouble.has('stuck', `the outcomes cannot be written: ${(error as Error).message}`, error);
      appendUnknown = true;
      wakeup.raise();
    }
  };

  const noteActive = ({ appendedAt, countedAt }: Unread): void => {
    if (appendedAt !== undefined && countedAt !== undefined)
      active.is(appendedAt === countedAt ? 'us' : 'another');
  };

  const running = run().catch(fail);

  return {
    offer: async (commands) => {
      const enqueuedAt = time.monotonic();
      for (const command of commands) queue.push({ ...command, enqueuedAt });
      // Drops commands that another updater has decided, so that they do not fill the queue.
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
        active.is('another');
        logger.info(
          { partition, offset: record.offset },
          'another updater was first, dropping what was not read back',
        );
      } else if (own !== undefined) {
        noteActive(own);
      } else if (counted !== undefined && isDecision(record.outcome.type)) {
        active.is('another');
      }
      wakeup.raise();
    },
    waiting: queue.size,
    waitingMs: () => {
      const first = queue.after(speculation.header.position);
      return first === undefined ? 0 : time.monotonic() - first.enqueuedAt;
    },
    trouble: trouble.present,
    switchWaitsFor: switchSteps.waitsFor,
    failed,
    standsBy: active.isAnother,
    isActive: active.isUs,
    stop: async () => {
      stopped = true;
      wakeup.raise();
      drained.raise();
      await running;
    },
  };
};
