/** Does what switch-decision.ts decided: writes a record and reads it back, asks Original to move its row, or waits. */
import type { SwitchCommand } from '../../shared/domain/command.ts';
import { linkAfter } from '../../shared/domain/fold.ts';
import type { Outcome } from '../../shared/domain/outcome.ts';
import type { PartitionHeader } from '../../shared/domain/partition-state.ts';
import type { OriginalClient } from '../../shared/contracts/original-client.ts';
import type { Logger } from '../../shared/process/logger.ts';
import type { Progress } from '../../shared/process/progress.ts';
import type { Wakeup } from '../../shared/process/wakeup.ts';
import type { OutcomeWriter } from '../outcomes/outcome-writer.ts';
import type { OriginalRow } from './original-row.ts';
import type { SwitchAction } from './switch-decision.ts';

export interface SwitchActionsParts {
  readonly partition: number;
  readonly writer: OutcomeWriter;
  readonly original: OriginalClient;
  /** How far the outcomes are folded. */
  readonly progress: Progress;
  /** Raised by every outcome that is read. */
  readonly outcomeRead: Wakeup;
  readonly onStep: (step: SwitchStep) => void;
  readonly logger: Logger;
}

export interface SwitchStep {
  readonly kind: 'fenced' | 'released' | 'aborted' | 'switched' | 'refused' | 'skipped';
  readonly command: SwitchCommand;
}

export interface DecidedAction {
  readonly action: SwitchAction;
  /** That the action was decided from. If the log has gone on since, what is written does not fit (P3). */
  readonly header: PartitionHeader;
  readonly command: SwitchCommand;
  /** Of the command. */
  readonly offset: number;
}

export type PerformSwitchAction = (decided: DecidedAction) => Promise<void>;

const READ_BACK_WAIT_MS = 5_000;
/** How long it waits for what another part has to do, before the facts are gathered again. */
const LOOK_AGAIN_MS = 50;
const ROW_WAIT_MS = 1_000;
const ORIGINAL_RETRY_MS = 200;

export const createSwitchActions = (parts: SwitchActionsParts, row: OriginalRow): PerformSwitchAction => {
  const { partition, writer, original, progress, outcomeRead, onStep, logger } = parts;

  /** Appends, and reads back what came of it. Whether it counted, the fold says. */
  const write = async (command: SwitchCommand, step: SwitchStep['kind'], outcome: Outcome): Promise<void> => {
    const record = writer.prepare(outcome);
    try {
      const offset = await writer.append(command.commandId, record);
      await progress.until(partition, offset + 1, READ_BACK_WAIT_MS);
      onStep({ kind: step, command });
    } catch (error) {
      logger.warn({ err: error, partition, step }, 'a step of a switch may not be in the log, looking');
      await writer.readToEnd();
    }
  };

  const wait = async (what: Extract<SwitchAction, { kind: 'wait' }>['for'], epoch: number): Promise<void> => {
    if (what === 'row') {
      // Answers as soon as the mirror has taken the partition back.
      const moved = await row.ask(() => original.mastership(partition, epoch, ROW_WAIT_MS));
      if (moved !== undefined) return;
    }
    await outcomeRead.wait(what === 'original' || what === 'row' ? ORIGINAL_RETRY_MS : LOOK_AGAIN_MS);
  };

  return async ({ action, header, command, offset }) => {
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
        return write(command, 'switched', { type: 'switched', ...link, epoch, offset, commandId, master });
      }
      case 'fence': {
        const moved = await row.ask(() => original.fence(partition, epoch));
        if (moved?.epoch === epoch && moved.master === 'shiny') onStep({ kind: 'fenced', command });
        return;
      }
      case 'abort': {
        const moved = await row.ask(() => original.abortSwitch(partition, epoch, action.reason));
        if (moved?.epoch === epoch && moved.master === header.master) onStep({ kind: 'aborted', command });
        return;
      }
      case 'wait':
        return wait(action.for, header.epoch);
    }
  };
};
