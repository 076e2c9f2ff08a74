import { describe, expect, test } from 'vitest';
import { systemTime } from '../../shared/process/time.ts';
import type { PartitionLoops } from './partition-loops.ts';
import type { Trouble } from '../outcomes/partition-trouble.ts';
import { partitionStatus, STUCK_AFTER_MS, troubled } from './partition-status.ts';
import type { JournalEntry, SwitchJournal } from '../switch/switch-journal.ts';

const NOW = Date.UTC(2026, 0, 1);
const time = { ...systemTime, now: () => NOW };
interface Given {
  readonly command?: Trouble;
  readonly feed?: Trouble;
  readonly waitingMs?: number;
  readonly standsBy?: boolean;
  readonly open?: Partial<JournalEntry>;
  readonly waitsFor?: string;
}
const status = ({ command, feed, waitingMs = 0, standsBy = false, open, waitsFor }: Given) =>
  partitionStatus(
    0,
    {
      command: {
        trouble: () => command,
        waitingMs: () => waitingMs,
        standsBy: () => standsBy,
        switchWaitsFor: () => waitsFor,
      },
      feed: { trouble: () => feed },
    } as unknown as PartitionLoops,
    { open: () => open as JournalEntry | undefined } as unknown as SwitchJournal,
    time,
  );
const SWITCH = { id: 's', to: 'shiny', requestedOn: NOW, deadline: NOW + 100, begunOn: NOW - 10 } as const;

describe('the state of a partition', () => {
  test('given nothing wrong, then it decides, or stands by', () => {
    expect(status({})).toEqual({ state: 'deciding' });
    expect(status({ standsBy: true })).toEqual({ state: 'standing-by' });
  });
  test('given a contradiction, then that is said before what may pass', () => {
    const stuck = { kind: 'stuck', reason: 'away', since: NOW - 5 } as const;
    const diverged = { kind: 'diverged', reason: 'set back', since: NOW - 1 } as const;
    expect(status({ command: stuck })).toEqual({ state: 'stuck', reason: 'away', since: NOW - 5 });
    expect(status({ command: stuck, feed: diverged })).toMatchObject({
      state: 'diverged',
      reason: 'set back',
    });
  });
  test('given a switch that has begun, then it says what that waits for, and when it is overdue', () => {
    expect(status({ open: SWITCH, waitsFor: 'the relay' })).toEqual({
      state: 'switching',
      since: NOW - 10,
      reason: 'switch s to shiny, which waits for the relay',
    });
    const overdue = { ...SWITCH, begunOn: NOW - 100 - STUCK_AFTER_MS - 1 };
    expect(status({ open: overdue })).toMatchObject({
      state: 'stuck',
      reason: expect.stringMatching(/does not end/) as string,
    });
    expect(status({ open: { ...SWITCH, begunOn: null } })).toEqual({ state: 'deciding' });
  });
  test('given a command that waits for long, then it is stuck since then', () =>
    expect(status({ waitingMs: STUCK_AFTER_MS + 1 })).toMatchObject({
      state: 'stuck',
      since: NOW - STUCK_AFTER_MS - 1,
    }));
});

test('a health answer names those that do not go on, and nobody else', () => {
  const all = [
    { state: 'deciding' },
    { state: 'stuck', reason: 'why', since: NOW },
    { state: 'switching' },
  ] as const;
  expect(troubled(all)).toEqual([
    { partition: 1, state: 'stuck', reason: 'why', since: new Date(NOW).toISOString() },
  ]);
});
