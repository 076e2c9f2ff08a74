/**
 * What an updater does next about a switch in one partition: pure, from what the log says (read back, P6) and what
 * Original's row says. A dry run asks the same. The row is the one place where "done or not" is decided, so any updater may
 * crash at any line and any other goes on from here (P12):
 *
 *   row at the fold's epoch        nothing has happened yet: fence, release, abort, or wait
 *   row one further, other master   the switch is done; `switched`, as soon as the fold lets it count (P5, P8)
 *   row one further, same master    the switch was aborted; `refused`
 *   row further still              the log knows more than we have read
 */
import { mayTakeOver } from '../../shared/domain/fold.ts';
import type { SwitchCommand } from '../../shared/domain/command.ts';
import type { PartitionHeader, PartitionState } from '../../shared/domain/partition-state.ts';
import type { Api } from '../../shared/domain/thing.ts';
import type { InternalMastership } from '../../shared/contracts/original-internal.ts';

export type SwitchAction =
  | { readonly kind: 'write-skipped'; readonly reason: string }
  | { readonly kind: 'write-refused'; readonly reason: string }
  | { readonly kind: 'write-released' }
  | { readonly kind: 'write-switched'; readonly master: Api }
  | { readonly kind: 'fence' }
  | { readonly kind: 'abort'; readonly reason: string }
  | { readonly kind: 'wait'; readonly for: Awaited; readonly reason: string };

/** What a switch waits for: a record of the log, Original's row, or a part that has to catch up or answer. */
type Awaited = 'log' | 'row' | 'fence' | 'relay' | 'mirror' | 'original';

export interface SwitchFacts extends Pick<PartitionState, 'lossy' | 'switches'> {
  /** Read back to here: no decision of ours is on the way. */
  readonly header: PartitionHeader;
  /** Undefined when Original does not answer. */
  readonly row: InternalMastership | undefined;
  /** Offset of the next outcome that we fold. */
  readonly nextOutcome: number;
  /** Why the relay is not through, as far as it was asked (P13). */
  readonly relayBlockedBy: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * A reason why a switch cannot begin. skip: the switch does not fit the state. refuse: it is aborted at once. wait: it is
 * aborted if the reason lasts until the deadline.
 */
export type SwitchBlocker =
  | { readonly kind: 'skip' | 'refuse'; readonly reason: string }
  | { readonly kind: 'wait'; readonly for: Awaited; readonly reason: string };

/** Records that relay or mirror may be behind when a partition stops for its switch. */
export const SWITCH_LAG_MAX_RECORDS = 1_000;
const LOSSY_LISTED_MAX = 5;

/** Skips without asking Original, the same by every updater: repeated id, wrong epoch, or already master (P12). */
export const skipReason = (
  { header, switches }: Pick<PartitionState, 'header' | 'switches'>,
  command: SwitchCommand,
): string | undefined => {
  if (switches.get(command.commandId) !== undefined)
    return `the switch ${command.commandId} was decided before`;
  if (command.expectedEpoch !== header.epoch)
    return `the switch expects epoch ${command.expectedEpoch}, the partition is at ${header.epoch}`;
  if (command.to === header.master) return `${command.to} is master of the partition already`;
  return undefined;
};

/**
 * The switch with its deadline by this updater's clock: the requester's clock may be hours off. The requested time runs from
 * the moment the switch is read. A switch already in the log when this updater started has the time that is left by the clocks.
 */
export const withOwnDeadline = (command: SwitchCommand, now: number, layInLog: boolean): SwitchCommand => {
  const { deadline, requestedOn } = command;
  const askedMs = deadline - requestedOn;
  const leftMs = layInLog ? Math.min(Math.max(deadline - now, 0), askedMs) : askedMs;
  return { ...command, deadline: now + leftMs };
};

/** What an updater does next; before the point of no return, that is decided by the first blocker. */
export const nextSwitchAction = (facts: SwitchFacts, command: SwitchCommand): SwitchAction => {
  const { header, row, now } = facts;
  const isLate = now > command.deadline;
  const skip = skipReason(facts, command);
  if (skip !== undefined) return { kind: 'write-skipped', reason: skip };
  if (row === undefined) {
    // Shiny has not released the partition, so the row cannot have moved to Original: Shiny may go on as master.
    return command.to === 'original' && header.released === null && isLate
      ? { kind: 'write-skipped', reason: 'Original did not answer by the deadline; nothing has changed' }
      : waitFor('original');
  }
  if (row.epoch > header.epoch + 1) return waitFor('log');
  if (row.epoch === header.epoch + 1) return finish(header, row);
  if (row.epoch < header.epoch) return waitFor('row');
  if (header.released !== null)
    return isLate
      ? { kind: 'abort', reason: 'the mirror did not take the partition back by the deadline' }
      : waitFor('row');
  const [blocker] = switchBlockers(facts, command);
  if (blocker?.kind === 'refuse') return { kind: 'abort', reason: blocker.reason };
  if (isLate)
    return {
      kind: 'abort',
      reason:
        blocker === undefined
          ? 'the deadline had passed before the switch could begin'
          : `${blocker.reason}, and the deadline has passed`,
    };
  if (blocker?.kind === 'wait') return blocker;
  return command.to === 'shiny' ? { kind: 'fence' } : { kind: 'write-released' };
};

/** What keeps the switch from beginning now, in the order in which it counts; a switch that does not fit is not looked at further. */
export const switchBlockers = (facts: SwitchFacts, command: SwitchCommand): readonly SwitchBlocker[] => {
  const { header, row } = facts;
  const skip = skipReason(facts, command);
  if (skip !== undefined) return [{ kind: 'skip', reason: skip }];
  const blockers: SwitchBlocker[] = [];
  if (row === undefined) blockers.push(waitFor('original', 'Original or its database does not answer'));
  else if (row.epoch !== header.epoch)
    blockers.push(waitFor('row', `Original's row is at epoch ${row.epoch}, the log at ${header.epoch}`));
  return [...blockers, ...(command.to === 'shiny' ? relayBlockers(facts) : originalBlockers(facts, command))];
};

/** P13: what could delay the switch is looked at before the point of no return. */
const relayBlockers = ({ row, relayBlockedBy }: SwitchFacts): SwitchBlocker[] => {
  const unpublished = row?.unpublished ?? 0;
  if (unpublished > SWITCH_LAG_MAX_RECORDS)
    return [waitFor('relay', `the relay is ${unpublished} entries behind`)];
  return relayBlockedBy === undefined ? [] : [waitFor('relay', relayBlockedBy)];
};

const originalBlockers = (
  { row, lossy, nextOutcome }: SwitchFacts,
  { allowLoss }: SwitchCommand,
): SwitchBlocker[] => {
  const blockers: SwitchBlocker[] = [];
  if (lossy.size > 0 && !allowLoss) blockers.push({ kind: 'refuse', reason: lossReason(lossy) });
  const behind = row === undefined ? 0 : nextOutcome - row.mirrorNext;
  if (behind > SWITCH_LAG_MAX_RECORDS)
    blockers.push(waitFor('mirror', `the mirror is ${behind} outcomes behind`));
  return blockers;
};

const finish = (header: PartitionHeader, row: InternalMastership): SwitchAction => {
  if (row.master === header.master)
    return { kind: 'write-refused', reason: row.refusedReason ?? 'the switch was aborted' };
  if (mayTakeOver(header, row)) return { kind: 'write-switched', master: row.master };
  return waitFor(row.master === 'shiny' ? 'fence' : 'log');
};

const WAITS: Readonly<Record<Awaited, string>> = {
  log: 'a record of the log',
  row: "the mirror to take over Shiny's decisions",
  fence: "Original's fence, which the relay publishes",
  relay: 'the relay to publish the outbox',
  mirror: 'the mirror to catch up',
  original: 'Original to answer',
};

const waitFor = (what: Awaited, reason = WAITS[what]) => ({ kind: 'wait', for: what, reason }) as const;

const lossReason = (lossy: PartitionState['lossy']): string => {
  const listed: number[] = [];
  for (const id of lossy) {
    if (listed.length === LOSSY_LISTED_MAX) break;
    listed.push(id);
  }
  const rest = lossy.size > listed.length ? ', …' : '';
  const [count, noun] = lossy.size === 1 ? ['1', 'Thing has'] : [String(lossy.size), 'Things have'];
  return `${count} ${noun} a foo that Original cannot hold (${listed.join(', ')}${rest}); allow the loss to round them`;
};
