/** How each partition is, now: for `/api/mastership`, `/health/ready`, the metrics and the command line. */
import type { PartitionState } from '../../shared/contracts/switches.ts';
import { isoTime } from '../../shared/process/iso-time.ts';
import type { Time } from '../../shared/process/time.ts';
import type { PartitionLoops } from './partition-loops.ts';
import type { SwitchJournal } from '../switch/switch-journal.ts';

export interface PartitionStatus {
  readonly state: PartitionState;
  /** Milliseconds since 1970. */
  readonly since?: number;
  readonly reason?: string;
}

/** A command that waits longer than this says that its partition does not go on. */
export const STUCK_AFTER_MS = 3_000;

export const partitionStatus = (
  partition: number,
  { command, feed }: PartitionLoops,
  journal: SwitchJournal,
  time: Time,
): PartitionStatus => {
  const troubles = [command.trouble(), feed.trouble()].filter((one) => one !== undefined);
  const worst = troubles.find(({ kind }) => kind === 'diverged') ?? troubles[0];
  if (worst !== undefined) return { state: worst.kind, since: worst.since, reason: worst.reason };
  const open = journal.open(partition);
  if (open?.begunOn != null) {
    const reason = `switch ${open.id} to ${open.to}${waitsFor(command.switchWaitsFor())}`;
    const overdueSince = open.begunOn + (open.deadline - open.requestedOn) + STUCK_AFTER_MS;
    return time.now() > overdueSince
      ? { state: 'stuck', since: open.begunOn, reason: `${reason} does not end` }
      : { state: 'switching', since: open.begunOn, reason };
  }
  const waitingMs = command.waitingMs();
  if (waitingMs > STUCK_AFTER_MS)
    return {
      state: 'stuck',
      since: time.now() - waitingMs,
      reason: 'a command waits, and nobody decides it',
    };
  return { state: command.standsBy() ? 'standing-by' : 'deciding' };
};

const waitsFor = (what: string | undefined): string =>
  what === undefined ? '' : `, which waits for ${what}`;

/** Partitions that do not go on, for a health answer. */
export const troubled = (statuses: readonly PartitionStatus[]): readonly object[] =>
  statuses.flatMap(({ state, since, reason }, partition) =>
    state === 'stuck' || state === 'diverged'
      ? [
          {
            partition,
            state,
            reason,
            ...(since === undefined ? {} : { since: isoTime(since) }),
          },
        ]
      : [],
  );
