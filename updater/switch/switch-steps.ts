/**
 * Carries a switch command of one partition through, one step per call: look at log and row, decide (switch-decision.ts),
 * act, read back. A step leaves nothing behind but in log and row, so it does not matter who does the next one, or how
 * often.
 */
import type { SwitchCommand } from '../../shared/domain/command.ts';
import { linkAfter } from '../../shared/domain/fold.ts';
import type { PartitionState } from '../../shared/domain/partition-state.ts';
import type { Outcome } from '../../shared/domain/outcome.ts';
import { FEED_ENDS_WAIT_MAX_MS, type InternalMastership } from '../../shared/contracts/original-internal.ts';
import type { OriginalClient } from '../../shared/contracts/original-client.ts';
import type { Logger } from '../../shared/process/logger.ts';
import type { Progress } from '../../shared/process/progress.ts';
import type { Time } from '../../shared/process/time.ts';
import type { OutcomeWriter } from '../outcomes/outcome-writer.ts';
import type { Wakeup } from '../../shared/process/wakeup.ts';
import {
  skipReason,
  nextSwitchAction,
  SWITCH_LAG_MAX_RECORDS,
  type SwitchAction,
} from './switch-decision.ts';

export interface SwitchStepsParts {
  readonly partition: number;
  readonly state: PartitionState;
  readonly writer: OutcomeWriter;
  readonly original: OriginalClient;
  /** How far the outcomes are folded. */
  readonly progress: Progress;
  /** Raised by every outcome that is read. */
  readonly outcomeRead: Wakeup;
  readonly onStep: (step: SwitchStep) => void;
  readonly logger: Logger;
  readonly time: Time;
}

export interface SwitchStep {
  readonly kind: 'fenced' | 'released' | 'aborted' | 'switched' | 'refused' | 'skipped';
  readonly command: SwitchCommand;
}

export interface SwitchSteps {
  /** Every decision of ours must have been read back (P6). */
  next(command: SwitchCommand, offset: number): Promise<void>;
  /** What the last step waited for; undefined when it did something. */
  waitsFor(): string | undefined;
}

const READ_BACK_WAIT_MS = 5_000;
/** How long a step waits for what another part has to do, before it looks again. */
const LOOK_AGAIN_MS = 50;
const ROW_WAIT_MS = 1_000;
const ORIGINAL_RETRY_MS = 200;

const WAITS: Readonly<Record<Extract<SwitchAction, { kind: 'wait' }>['for'], string>> = {
  log: 'a record of the log',
  row: "the mirror to take over Shiny's decisions",
  fence: "Original's fence, which the relay publishes",
  relay: 'the relay to publish the outbox',
  mirror: 'the mirror to catch up',
  original: 'Original to answer',
};

export const createSwitchSteps = (parts: SwitchStepsParts): SwitchSteps => {
  const { partition, state, writer, original, progress, outcomeRead, logger, time } = parts;

  /** A row that is one further than the fold stays so until the log has said it: no need to ask again. */
  let settled: InternalMastership | undefined;
  let isAway = false;
  let waiting: string | undefined;
  /** What has kept the switch at this offset from beginning. */
  let hindrance: { readonly offset: number; readonly reason: string } | undefined;

  const ask = async (request: () => Promise<InternalMastership>): Promise<InternalMastership | undefined> => {
    try {
      const row = await request();
      settled = row;
      isAway = false;
      return row;
    } catch (error) {
      if (!isAway)
        logger.warn({ err: error, partition }, 'Original does not answer about the mastership, trying on');
      isAway = true;
      return undefined;
    }
  };

  /**
   * P13: behind the fence there is no way back, so the relay must have published what is in the outbox, and most of it must
   * have been observed. What keeps the switch from beginning, if anything does.
   */
  const relayHindrance = async (command: SwitchCommand): Promise<string | undefined> => {
    try {
      const waitMs = Math.min(Math.max(0, command.deadline - time.now()), FEED_ENDS_WAIT_MAX_MS);
      const ends = await original.feedEnds(waitMs);
      const behind = ends[partition]! - 1 - state.header.feedPosition;
      return behind > SWITCH_LAG_MAX_RECORDS
        ? `${behind} entries of the feed are not observed yet`
        : undefined;
    } catch (error) {
      logger.debug({ err: error, partition }, 'the relay has not published the outbox');
      const row = await original.mastership(partition).catch(() => undefined);
      const holder = row?.oldestTransaction === undefined ? '' : `; ${row.oldestTransaction}`;
      return `the relay did not publish the outbox by the deadline${holder}`;
    }
  };

  /** False: there is a hindrance, it is too late, or somebody else's step was read meanwhile. */
  const mayFence = async (
    { deadline }: SwitchCommand,
    offset: number,
    relay: Promise<string | undefined> | undefined,
  ): Promise<boolean> => {
    const { digest } = state.header;
    const reason = await relay;
    hindrance = reason === undefined ? undefined : { offset, reason };
    if (hindrance !== undefined) await outcomeRead.wait(LOOK_AGAIN_MS);
    return hindrance === undefined && state.header.digest === digest && time.now() <= deadline;
  };

  /** Appends, and reads back what came of it. Whether it counted, the fold says. */
  const write = async (command: SwitchCommand, step: SwitchStep['kind'], outcome: Outcome): Promise<void> => {
    const record = writer.prepare(outcome);
    try {
      const offset = await writer.append(command.commandId, record);
      await progress.until(partition, offset + 1, READ_BACK_WAIT_MS);
      parts.onStep({ kind: step, command });
    } catch (error) {
      logger.warn({ err: error, partition, step }, 'a step of a switch may not be in the log, looking');
      await writer.readToEnd();
    }
  };

  const act = async (action: SwitchAction, command: SwitchCommand, offset: number): Promise<void> => {
    waiting = action.kind === 'wait' ? WAITS[action.for] : undefined;
    const { header } = state;
    const { commandId } = command;
    const link = linkAfter(header);
    const epoch = header.epoch + 1;
    switch (action.kind) {
      case 'write-skipped': {
        const { reason } = action;
        const skipped = { type: 'skipped', ...link, epoch: header.epoch, offset, commandId, reason } as const;
        return write(command, 'skipped', skipped);
      }
      case 'write-refused': {
        const { reason } = action;
        return write(command, 'refused', { type: 'refused', ...link, epoch, offset, commandId, reason });
      }
      case 'write-released':
        return write(command, 'released', { type: 'released', ...link, epoch, commandId });
      case 'write-switched': {
        const { master } = action;
        return write(command, 'switched', {
          type: 'switched',
          ...link,
          epoch,
          offset,
          commandId,
          master,
        });
      }
      case 'fence': {
        const row = await ask(() => original.fence(partition, epoch));
        if (row?.epoch === epoch && row.master === 'shiny') parts.onStep({ kind: 'fenced', command });
        return;
      }
      case 'abort': {
        const row = await ask(() => original.abortSwitch(partition, epoch, action.reason));
        if (row?.epoch === epoch && row.master === header.master) parts.onStep({ kind: 'aborted', command });
        return;
      }
      case 'wait':
        return retryUntil(action.for, epoch);
    }
  };

  const retryUntil = async (
    what: 'log' | 'row' | 'fence' | 'relay' | 'mirror' | 'original',
    epoch: number,
  ) => {
    if (what === 'row') {
      // Answers as soon as the mirror has taken the partition back.
      const row = await ask(() => original.mastership(partition, epoch - 1, ROW_WAIT_MS));
      if (row !== undefined) return;
    }
    const retryMs = what === 'original' || what === 'row' ? ORIGINAL_RETRY_MS : LOOK_AGAIN_MS;
    await outcomeRead.wait(retryMs);
  };

  return {
    waitsFor: () => waiting,
    next: async (command, offset) => {
      const { digest, epoch } = state.header;
      const reason = skipReason(state, command);
      if (reason !== undefined) return act({ kind: 'write-skipped', reason }, command, offset);
      const known = settled?.epoch === epoch + 1 ? settled : undefined;
      // Asked together with the row: commands wait meanwhile.
      const mayBegin = known === undefined && command.to === 'shiny' && time.now() <= command.deadline;
      const relay = mayBegin ? relayHindrance(command) : undefined;
      const row = known ?? (await ask(() => original.mastership(partition)));
      // While we asked, somebody else's step may have been read.
      const { header, lossy } = state;
      if (header.digest !== digest) return;
      const nextOutcome = progress.next(partition);
      const facts = {
        header,
        lossy,
        row,
        nextOutcome,
        hindrance: hindrance?.offset === offset ? hindrance.reason : undefined,
        now: time.now(),
      };
      const action = nextSwitchAction(facts, command);
      if (action.kind === 'fence' && !(await mayFence(command, offset, relay))) {
        waiting = hindrance?.reason ?? waiting;
        return;
      }
      await act(action, command, offset);
    },
  };
};
