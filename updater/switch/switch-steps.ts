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
import { askFeedEnds, relayBlockedBy, type FeedEnds } from './relay-lag.ts';
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
  /** Why the relay was not through when it was last asked for the switch at `offset`. */
  let relayBlocked: { readonly offset: number; readonly by: string | undefined } | undefined;
  let feedEnds: Promise<FeedEnds> | undefined;
  let waiting: string | undefined;

  /** One request at a time, however often the facts are gathered. */
  const askRelay = (waitMs: number): Promise<FeedEnds> =>
    (feedEnds ??= askFeedEnds(original, waitMs).finally(() => {
      feedEnds = undefined;
    }));

  const factsAt = (
    now: number,
    row: InternalMastership | undefined,
    blockedBy: string | undefined,
  ): SwitchFacts => ({
    header: state.header,
    lossy: state.lossy,
    switches: state.switches,
    row,
    nextOutcome: progress.next(partition),
    relayBlockedBy: blockedBy,
    now,
  });

  /** Returns undefined when an outcome of another updater was read meanwhile: then the facts are out of date. */
  const gatherFacts = async (command: SwitchCommand, offset: number): Promise<SwitchFacts | undefined> => {
    const began = time.now();
    // What does not fit needs no row.
    if (skipReason(state, command) !== undefined) return factsAt(began, undefined, undefined);
    const { digest, epoch } = state.header;
    const ahead = originalRow.aheadOf(epoch);
    // Asked together with the row, because commands wait meanwhile. P13: a fence needs its answer.
    const isAsked = ahead === undefined && command.to === 'shiny' && began <= command.deadline;
    const relay = isAsked ? askRelay(command.deadline - began) : undefined;
    const askRow = () => originalRow.ask(() => original.mastership(partition));
    const row = ahead ?? (await askRow());
    // What was late stays late, also when the clock is set back.
    const now = (): number => Math.max(began, time.now());
    if (relay !== undefined && nextSwitchAction(factsAt(now(), row, undefined), command).kind === 'fence') {
      const ends = await relay;
      // Again: a transaction that holds up the relay is named once it is old.
      const holder = ends instanceof Error ? await askRow() : row;
      relayBlocked = { offset, by: relayBlockedBy(ends, state.header, holder) };
      if (ends instanceof Error)
        logger.debug({ err: ends, partition }, 'the relay has not published the outbox');
    }
    if (state.header.digest !== digest) return undefined;
    return factsAt(now(), row, relayBlocked?.offset === offset ? relayBlocked.by : undefined);
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
