/**
 * Carries a switch command of one partition through, one step per call: gather facts from log and row, decide
 * (switch-decision.ts), act (switch-actions.ts), read back. A step leaves nothing behind but in log and row, so it does not
 * matter who does the next one, or how often.
 */
import type { SwitchCommand } from '../../shared/domain/command.ts';
import type { InternalMastership } from '../../shared/contracts/original-internal.ts';
import type { PartitionState } from '../../shared/domain/partition-state.ts';
import type { Time } from '../../shared/process/time.ts';
import { createOriginalRow } from './original-row.ts';
import { relayBlockedBy } from './relay-lag.ts';
import { createSwitchActions, type SwitchActionsParts } from './switch-actions.ts';
import { nextSwitchAction, skipReason, type SwitchFacts } from './switch-decision.ts';

export interface SwitchStepsParts extends SwitchActionsParts {
  readonly state: PartitionState;
  readonly time: Time;
}

export interface SwitchSteps {
  /** `offset`: of the command. Every decision of ours must have been read back (P6). */
  next(command: SwitchCommand, offset: number): Promise<void>;
  /** What the last step waited for; undefined when it did something. */
  waitsFor(): string | undefined;
}

export const createSwitchSteps = (parts: SwitchStepsParts): SwitchSteps => {
  const { partition, state, original, progress, logger, time } = parts;
  const originalRow = createOriginalRow(partition, logger);
  const perform = createSwitchActions(parts, originalRow);
  /** Why the relay was not through when it was asked for the switch at `offset`. */
  let relayBlocked: { readonly offset: number; readonly by: string | undefined } | undefined;
  let waiting: string | undefined;

  const factsNow = (row: InternalMastership | undefined, blockedBy: string | undefined): SwitchFacts => ({
    header: state.header,
    lossy: state.lossy,
    switches: state.switches,
    row,
    nextOutcome: progress.next(partition),
    relayBlockedBy: blockedBy,
    now: time.now(),
  });

  /** Returns undefined when an outcome of another updater was read meanwhile: then the facts are out of date. */
  const gatherFacts = async (command: SwitchCommand, offset: number): Promise<SwitchFacts | undefined> => {
    // What does not fit needs no row.
    if (skipReason(state, command) !== undefined) return factsNow(undefined, undefined);
    const { digest, epoch } = state.header;
    const ahead = originalRow.aheadOf(epoch);
    const leftMs = command.deadline - time.now();
    // Asked together with the row, because commands wait meanwhile.
    const relay =
      ahead === undefined && command.to === 'shiny' && leftMs >= 0
        ? relayBlockedBy({ partition, state, original, logger }, leftMs)
        : undefined;
    const row = ahead ?? (await originalRow.ask(() => original.mastership(partition)));
    const mayFence = nextSwitchAction(factsNow(row, undefined), command).kind === 'fence';
    if (relay !== undefined && mayFence) relayBlocked = { offset, by: await relay };
    if (state.header.digest !== digest) return undefined;
    return factsNow(row, relayBlocked?.offset === offset ? relayBlocked.by : undefined);
  };

  return {
    waitsFor: () => waiting,
    next: async (command, offset) => {
      const facts = await gatherFacts(command, offset);
      if (facts === undefined) return;
      const action = nextSwitchAction(facts, command);
      waiting = action.kind === 'wait' ? action.reason : undefined;
      await perform({ action, header: facts.header, command, offset });
    },
  };
};
