/**
 * What an updater does next about a switch in one partition: pure, from what the log says (read back, P6) and what
 * Original's row says. The row is the one place where "done or not" is decided, so any updater may crash at any line and
 * any other goes on from here (P12):
 *
 *   row at the fold's epoch        nothing has happened yet: fence, release, abort, or wait
 *   row one further, other master   the switch is done; `switched`, as soon as the fold lets it count (P5, P8)
 *   row one further, same master    the switch was aborted; `refused`
 *   row further still              the log knows more than we have read
 */
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
  /** For a record of the log, the row of Original, or one of them to catch up. */
  | { readonly kind: 'wait'; readonly for: 'log' | 'row' | 'fence' | 'relay' | 'mirror' | 'original' };

export interface SwitchFacts {
  /** Read back to here: no decision of ours is on the way. */
  readonly header: PartitionHeader;
  /** Things that Original cannot hold as they are. */
  readonly lossy: PartitionState['lossy'];
  /** Undefined when Original does not answer. */
  readonly row: InternalMastership | undefined;
  /** Offset of the next outcome that we fold. */
  readonly nextOutcome: number;
  /** What has kept the switch from beginning so far. */
  readonly hindrance: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Records that relay or mirror may be behind when a partition stops for its switch. */
export const SWITCH_LAG_MAX_RECORDS = 1_000;
const LOSSY_LISTED_MAX = 5;

/** A switch that does not fit is let go from the log alone, the same by every updater; a repeated id before all (P12). */
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
 * The switch with its deadline by the clock of who decides it: the clock of who asked may be hours off. It has the time that was
 * asked for from the moment it is read. One that lay in the log before this updater started has what is left by the clocks.
 */
export const withOwnDeadline = (command: SwitchCommand, now: number, layInLog: boolean): SwitchCommand => {
  const { deadline, requestedOn } = command;
  const askedMs = deadline - requestedOn;
  const leftMs = layInLog ? Math.min(Math.max(deadline - now, 0), askedMs) : askedMs;
  return { ...command, deadline: now + leftMs };
};

/** The next action for a switch that fits. */
export const nextSwitchAction = (facts: SwitchFacts, command: SwitchCommand): SwitchAction => {
  const { header, row, now } = facts;
  if (row === undefined) {
    // Shiny has not let go, and the row cannot have moved to Original: Shiny may go on alone.
    return command.to === 'original' && header.released === null && now > command.deadline
      ? { kind: 'write-skipped', reason: 'Original did not answer by the deadline; nothing has changed' }
      : { kind: 'wait', for: 'original' };
  }
  if (row.epoch > header.epoch + 1) return { kind: 'wait', for: 'log' };
  if (row.epoch === header.epoch + 1) return finish(header, row);
  if (row.epoch < header.epoch) return { kind: 'wait', for: 'row' };
  return command.to === 'shiny' ? beginToShiny(facts, row, command) : beginToOriginal(facts, row, command);
};

const finish = (header: PartitionHeader, row: InternalMastership): SwitchAction => {
  if (row.master === header.master)
    return { kind: 'write-refused', reason: row.refusedReason ?? 'the switch was aborted' };
  const mayCount = row.master === 'shiny' ? header.fence?.epoch === row.epoch : header.released === row.epoch;
  if (mayCount) return { kind: 'write-switched', master: row.master };
  return { kind: 'wait', for: row.master === 'shiny' ? 'fence' : 'log' };
};

/** P13: what could delay the switch is looked at here, before the point of no return. */
const beginToShiny = (
  { now, hindrance }: SwitchFacts,
  row: InternalMastership,
  command: SwitchCommand,
): SwitchAction => {
  const isBehind = row.unpublished > SWITCH_LAG_MAX_RECORDS;
  if (now > command.deadline)
    return {
      kind: 'abort',
      reason: isBehind
        ? `the relay is ${row.unpublished} entries behind, and the deadline has passed`
        : (hindrance ?? 'the deadline had passed before the switch could begin'),
    };
  return isBehind ? { kind: 'wait', for: 'relay' } : { kind: 'fence' };
};

const beginToOriginal = (
  { header, lossy, nextOutcome, now }: SwitchFacts,
  row: InternalMastership,
  command: SwitchCommand,
): SwitchAction => {
  const isLate = now > command.deadline;
  if (header.released !== null) {
    return isLate
      ? { kind: 'abort', reason: 'the mirror did not take the partition back by the deadline' }
      : { kind: 'wait', for: 'row' };
  }
  if (lossy.size > 0 && !command.allowLoss) return { kind: 'abort', reason: lossReason(lossy) };
  const behind = nextOutcome - row.mirrorNext;
  const isBehind = behind > SWITCH_LAG_MAX_RECORDS;
  if (isLate)
    return {
      kind: 'abort',
      reason: isBehind
        ? `the mirror is ${behind} outcomes behind, and the deadline has passed`
        : 'the deadline had passed before the switch could begin',
    };
  return isBehind ? { kind: 'wait', for: 'mirror' } : { kind: 'write-released' };
};

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
