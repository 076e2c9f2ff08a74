import { describe, expect, test } from 'vitest';
import { NOW } from '../../test/outcome-log.ts';
import type { SwitchCommand } from '../../shared/domain/command.ts';
import { emptyHeader, type PartitionHeader } from '../../shared/domain/partition-state.ts';
import type { SwitchResult } from '../../shared/domain/switch-result.ts';
import type { Api } from '../../shared/domain/thing.ts';
import type { InternalMastership } from '../../shared/contracts/original-internal.ts';
import {
  nextSwitchAction,
  skipReason,
  SWITCH_LAG_MAX_RECORDS,
  switchBlockers,
  withOwnDeadline,
} from './switch-decision.ts';

const DEADLINE = NOW + 1_000;
const EPOCH = 4;
const command = (to: Api, change: Partial<SwitchCommand> = {}): SwitchCommand => ({
  type: 'switch',
  commandId: 's',
  requestedOn: NOW,
  payloadHash: 'h',
  to,
  expectedEpoch: EPOCH,
  deadline: DEADLINE,
  allowLoss: false,
  ...change,
});
const header = (master: Api, change: Partial<PartitionHeader> = {}): PartitionHeader => ({
  ...emptyHeader(1),
  master,
  epoch: EPOCH,
  ...change,
});
const row = (master: Api, epoch = EPOCH, change: Partial<InternalMastership> = {}): InternalMastership => ({
  master,
  epoch,
  refusedReason: null,
  unpublished: 0,
  mirrorNext: 100,
  ...change,
});
const next = (
  given: {
    header: PartitionHeader;
    row: InternalMastership | undefined;
    lossy?: number[];
    now?: number;
    relayBlockedBy?: string;
  },
  asked: SwitchCommand,
) =>
  nextSwitchAction(
    {
      header: given.header,
      row: given.row,
      lossy: new Set(given.lossy),
      switches: new Map(),
      nextOutcome: 100,
      relayBlockedBy: given.relayBlockedBy,
      now: given.now ?? NOW,
    },
    asked,
  );
const LATE = DEADLINE + 1;

describe('P12: a switch does not fit', () => {
  const reason = (of: PartitionHeader, asked: SwitchCommand, known?: SwitchResult) =>
    skipReason({ header: of, switches: new Map(known === undefined ? [] : [['s', known]]) }, asked);
  test.each([
    ['the epoch is another one', header('original', { epoch: 5 }), /expects epoch 4, the partition is at 5/],
    ['the master is the wanted one', header('shiny'), /shiny is master of the partition already/],
  ])('when %s', (_name, of, expected) => {
    expect(reason(of, command('shiny'))).toMatch(expected);
  });
  test('when its id was decided before, whatever the epoch is', () => {
    const known: SwitchResult = { commandId: 's', result: 'skipped', epoch: 3, reason: null, decidedOn: NOW };
    expect(reason(header('original'), command('shiny'), known)).toMatch(/decided before/);
  });
  test('else it does', () => {
    expect(reason(header('original'), command('shiny'))).toBeUndefined();
  });
});

describe('to Shiny', () => {
  const to = command('shiny');
  test('given that nothing has happened, then the fence', () => {
    expect(next({ header: header('original'), row: row('original') }, to)).toEqual({ kind: 'fence' });
  });
  test('given the row of Shiny, then it waits until the fold has the fence (P5), and then it is switched', () => {
    const settled = row('shiny', EPOCH + 1);
    expect(next({ header: header('original'), row: settled }, to)).toMatchObject({
      kind: 'wait',
      for: 'fence',
    });
    const fence = { epoch: EPOCH, idFloor: 1 };
    expect(next({ header: header('original', { fence }), row: settled }, to)).toMatchObject({
      kind: 'wait',
      for: 'fence',
    });
    expect(
      next({ header: header('original', { fence: { ...fence, epoch: EPOCH + 1 } }), row: settled }, to),
    ).toEqual({
      kind: 'write-switched',
      master: 'shiny',
    });
  });
  test('P13: given a deadline that has passed, then it aborts before the fence, never after', () => {
    expect(next({ header: header('original'), row: row('original'), now: LATE }, to)).toMatchObject({
      kind: 'abort',
      reason: expect.stringContaining('deadline'),
    });
    expect(next({ header: header('original'), row: row('shiny', EPOCH + 1), now: LATE }, to)).toMatchObject({
      kind: 'wait',
      for: 'fence',
    });
  });
  test('given a relay that is behind, then it waits, until the deadline', () => {
    const behind = row('original', EPOCH, { unpublished: SWITCH_LAG_MAX_RECORDS + 1 });
    expect(next({ header: header('original'), row: behind }, to)).toMatchObject({
      kind: 'wait',
      for: 'relay',
    });
    expect(next({ header: header('original'), row: behind, now: LATE }, to)).toMatchObject({
      kind: 'abort',
      reason: expect.stringContaining('relay'),
    });
  });
  test('P13: given a relay that is not through, then no fence, and the abort says why', () => {
    const blocked = { header: header('original'), row: row('original'), relayBlockedBy: 'it hangs' };
    expect(next(blocked, to)).toEqual({ kind: 'wait', for: 'relay', reason: 'it hangs' });
    expect(next({ ...blocked, now: LATE }, to)).toEqual({
      kind: 'abort',
      reason: 'it hangs, and the deadline has passed',
    });
    // Behind the point of no return it does not matter.
    expect(next({ ...blocked, row: row('shiny', EPOCH + 1), now: LATE }, to)).toMatchObject({
      kind: 'wait',
      for: 'fence',
    });
  });
  test('given that Original does not answer, then it waits, however late', () => {
    const wait = { kind: 'wait', for: 'original' };
    expect(next({ header: header('original'), row: undefined }, to)).toMatchObject(wait);
    expect(next({ header: header('original'), row: undefined, now: LATE }, to)).toMatchObject(wait);
  });
});

describe('to Original', () => {
  const to = command('original');
  const released = { released: EPOCH + 1 };
  test('given that nothing has happened, then Shiny lets go, and waits for the mirror', () => {
    expect(next({ header: header('shiny'), row: row('shiny') }, to)).toEqual({ kind: 'write-released' });
    expect(next({ header: header('shiny', released), row: row('shiny') }, to)).toMatchObject({
      kind: 'wait',
      for: 'row',
    });
  });
  test('given that the mirror has taken it back, then it is switched', () => {
    const settled = row('original', EPOCH + 1);
    expect(next({ header: header('shiny', released), row: settled }, to)).toEqual({
      kind: 'write-switched',
      master: 'original',
    });
    expect(next({ header: header('shiny'), row: settled }, to)).toMatchObject({ kind: 'wait', for: 'log' });
  });
  test('given lossy Things, then it aborts and names them, unless the loss is allowed', () => {
    const lossy = [1, 3, 5, 7, 9, 11];
    expect(next({ header: header('shiny'), row: row('shiny'), lossy }, to)).toMatchObject({
      kind: 'abort',
      reason: expect.stringMatching(/^6 Things .*\(1, 3, 5, 7, 9, …\)/),
    });
    const allowed = command('original', { allowLoss: true });
    expect(next({ header: header('shiny'), row: row('shiny'), lossy }, allowed)).toEqual({
      kind: 'write-released',
    });
  });
  test('given a deadline that has passed, then it aborts, until the mirror has the row', () => {
    for (const change of [{}, released])
      expect(next({ header: header('shiny', change), row: row('shiny'), now: LATE }, to)).toMatchObject({
        kind: 'abort',
      });
    const settled = row('original', EPOCH + 1);
    expect(next({ header: header('shiny', released), row: settled, now: LATE }, to)).toMatchObject({
      kind: 'write-switched',
    });
  });
  test('given a mirror that is behind, then it waits, until the deadline', () => {
    const behind = row('shiny', EPOCH, { mirrorNext: 99 - SWITCH_LAG_MAX_RECORDS });
    expect(next({ header: header('shiny'), row: behind }, to)).toMatchObject({ kind: 'wait', for: 'mirror' });
    expect(next({ header: header('shiny'), row: behind, now: LATE }, to)).toMatchObject({
      kind: 'abort',
      reason: expect.stringContaining('mirror'),
    });
  });
  test('given that Original does not answer by the deadline, then Shiny goes on, if it has not let go', () => {
    const unreachable = { row: undefined, now: LATE };
    expect(next({ header: header('shiny'), ...unreachable }, to)).toMatchObject({ kind: 'write-skipped' });
    expect(next({ header: header('shiny'), row: undefined }, to)).toMatchObject({
      kind: 'wait',
      for: 'original',
    });
    expect(next({ header: header('shiny', released), ...unreachable }, to)).toMatchObject({
      kind: 'wait',
      for: 'original',
    });
  });
});

describe('P12: the row says what was done, whoever did it', () => {
  test.each<[Api, Api]>([
    ['original', 'shiny'],
    ['shiny', 'original'],
  ])(
    'given that %s keeps its row in the next epoch, then the switch is refused, with its reason',
    (master, to) => {
      const aborted = row(master, EPOCH + 1, { refusedReason: 'why' });
      expect(next({ header: header(master), row: aborted }, command(to))).toEqual({
        kind: 'write-refused',
        reason: 'why',
      });
    },
  );
  test('given a row that is further, then the log is read on', () => {
    expect(
      next({ header: header('original'), row: row('shiny', EPOCH + 2) }, command('shiny')),
    ).toMatchObject({
      kind: 'wait',
      for: 'log',
    });
  });
});

describe('the deadline is by the clock of who decides', () => {
  const asked = { ...command('shiny'), requestedOn: NOW, deadline: NOW + 100 };
  test('given a clock hours ahead or behind, then a switch has the time that was asked for', () => {
    for (const now of [NOW - 7_200_000, NOW, NOW + 7_200_000])
      expect(withOwnDeadline(asked, now, false).deadline).toBe(now + 100);
  });
  test('given one that lay in the log before the start, then it has what is left, never more than was asked for', () => {
    expect(withOwnDeadline(asked, NOW + 40, true).deadline).toBe(NOW + 100);
    expect(withOwnDeadline(asked, NOW + 200, true).deadline).toBe(NOW + 200);
    expect(withOwnDeadline(asked, NOW - 7_200_000, true).deadline).toBe(NOW - 7_200_000 + 100);
  });
});

test('a dry run gets all blockers, the one that counts first', () => {
  const facts = {
    header: header('shiny'),
    row: row('shiny', EPOCH, { mirrorNext: 99 - SWITCH_LAG_MAX_RECORDS }),
    lossy: new Set([1]),
    switches: new Map(),
    nextOutcome: 100,
    relayBlockedBy: undefined,
    now: NOW,
  };
  const blockers = (change: object, asked = command('original')) =>
    switchBlockers({ ...facts, ...change }, asked).map(({ kind, reason }) => `${kind}: ${reason}`);
  expect(blockers({})).toEqual([
    expect.stringMatching(/^refuse: 1 Thing has a foo/),
    expect.stringMatching(/^wait: the mirror is 1001 outcomes behind/),
  ]);
  expect(blockers({ row: undefined })).toEqual([
    expect.stringMatching(/^wait: Original .* does not answer/),
    expect.stringMatching(/^refuse: 1 Thing has a foo/),
  ]);
  expect(blockers({}, command('shiny'))).toEqual(['skip: shiny is master of the partition already']);
  expect(blockers({ lossy: new Set(), row: row('shiny') })).toEqual([]);
});
