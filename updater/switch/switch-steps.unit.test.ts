import { expect, test } from 'vitest';
import { NOW, record, stateAfterGenesis } from '../../test/outcome-log.ts';
import type { SwitchCommand } from '../../shared/domain/command.ts';
import { fold } from '../../shared/domain/fold.ts';
import type { Outcome } from '../../shared/domain/outcome.ts';
import type { InternalMastership } from '../../shared/contracts/original-internal.ts';
import type { OriginalClient } from '../../shared/contracts/original-client.ts';
import { silentLogger } from '../../shared/process/logger.ts';
import { createProgress } from '../../shared/process/progress.ts';
import { systemTime } from '../../shared/process/time.ts';
import { createWakeup } from '../../shared/process/wakeup.ts';
import { createSwitchSteps } from './switch-steps.ts';

const command = (commandId: string, expectedEpoch: number, deadline: number): SwitchCommand => ({
  type: 'switch',
  commandId,
  requestedOn: NOW,
  payloadHash: 'h',
  to: 'shiny',
  expectedEpoch,
  deadline,
  allowLoss: false,
});

test('P13: no fence while the relay does not publish; the switch that waited for it says so, the next one not', async () => {
  const state = stateAfterGenesis('original', 0);
  const progress = createProgress([1], systemTime);
  let now = NOW;
  const time = { ...systemTime, now: () => now };
  let row: InternalMastership = {
    master: 'original',
    epoch: 0,
    refusedReason: null,
    unpublished: 3,
    mirrorNext: 1,
  };
  const asked: string[] = [];
  const original = {
    mastership: async () => row,
    feedEnds: async () => {
      asked.push('feedEnds');
      throw new Error('the outbox is not published yet');
    },
    fence: async () => {
      throw new Error('there must be no fence');
    },
    abortSwitch: async (_partition, epoch, refusedReason) => {
      asked.push('abort');
      row = { ...row, epoch, refusedReason };
      return row;
    },
  } as Partial<OriginalClient> as OriginalClient;
  const written: Outcome[] = [];
  const steps = createSwitchSteps({
    partition: 0,
    state,
    writer: {
      prepare: (outcome) => ({ ...record(outcome, now), value: Buffer.alloc(0) }),
      append: async (_key, appended) => {
        written.push(appended.outcome);
        fold(state, appended);
        progress.reached(0, written.length + 1);
        return written.length;
      },
      readToEnd: async () => undefined,
    },
    original,
    progress,
    outcomeRead: createWakeup(time),
    onStep: () => undefined,
    logger: silentLogger(),
    time,
  });

  const first = command('first', 0, NOW + 100);
  await steps.next(first, 0);
  expect(asked).toEqual(['feedEnds']);
  now += 101;
  await steps.next(first, 0);
  await steps.next(first, 0);
  const second = command('second', 1, now - 1);
  await steps.next(second, 1);
  await steps.next(second, 1);
  expect(asked).toEqual(['feedEnds', 'abort', 'abort']);
  expect(written).toMatchObject([
    { type: 'refused', commandId: 'first', reason: expect.stringMatching(/the relay did not publish/) },
    { type: 'refused', commandId: 'second', reason: expect.stringMatching(/deadline had passed/) },
  ]);
});
