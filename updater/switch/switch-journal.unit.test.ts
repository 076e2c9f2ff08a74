import { expect, test } from 'vitest';
import { NOW, record, stateAfterGenesis } from '../../test/outcome-log.ts';
import type { SwitchCommand } from '../../shared/domain/command.ts';
import { fold } from '../../shared/domain/fold.ts';
import type { Outcome } from '../../shared/domain/outcome.ts';
import { linkAfter } from '../../shared/domain/fold.ts';
import { systemTime } from '../../shared/process/time.ts';
import { createMemoryFoldStore } from '../../shared/replica/memory-fold-store.ts';
import { createSwitchJournal, pauseMs } from './switch-journal.ts';

const command = (commandId: string): SwitchCommand => ({
  type: 'switch',
  commandId,
  requestedOn: NOW,
  payloadHash: 'h',
  to: 'original',
  expectedEpoch: 0,
  deadline: NOW + 1_000,
  allowLoss: false,
});

const world = () => {
  const store = createMemoryFoldStore(2);
  const state = stateAfterGenesis('shiny', 1);
  const decided: string[] = [];
  let now = NOW;
  const start = () =>
    createSwitchJournal({
      store,
      partitions: 2,
      time: { ...systemTime, now: () => now },
      onDecided: ({ id }, { result }) => decided.push(`${id} ${result}`),
    });
  let journal = start();
  return {
    decided,
    state,
    journal: () => journal,
    restart: () => {
      journal = start();
    },
    after: (ms: number) => {
      now += ms;
    },
    read: (outcome: Outcome) => {
      const counted = fold(state, record(outcome));
      expect(counted).toBeDefined();
      journal.outcomeRead(1, { ...record(outcome), offset: 0 }, counted);
    },
    link: () => linkAfter(state.header),
  };
};

test('the pause is from when a switch was next to when it was decided, and who lay behind it has waited', async () => {
  const of = world();
  const changed = of.journal().changed(60_000);
  of.journal().commandRead(1, 0, command('s'), -1);
  await changed;
  of.journal().commandRead(1, 1, undefined, -1);
  of.journal().commandRead(1, 2, undefined, -1);
  expect(of.journal().open(1)).toMatchObject({ id: 's', begunOn: NOW, releasedOn: null });
  of.after(20);
  of.read({ type: 'released', ...of.link(), epoch: 1, commandId: 's' });
  of.after(10);
  of.read({ type: 'switched', ...of.link(), epoch: 1, offset: 0, commandId: 's', master: 'original' });
  const entry = of.journal().entry('s', 1)!;
  expect(entry).toMatchObject({ releasedOn: NOW + 20, decidedOn: NOW + 30, waited: 2 });
  expect([pauseMs(entry), of.journal().pauses('original'), of.decided]).toEqual([30, [30], ['s switched']]);
  expect(of.journal().open(1)).toBeUndefined();
});

test('an updater that is started again in the middle goes on with what was seen', () => {
  const of = world();
  of.journal().commandRead(1, 0, command('s'), -1);
  of.after(5);
  of.restart();
  // It reads the commands behind the fold again.
  of.journal().commandRead(1, 0, command('s'), -1);
  of.after(5);
  of.read({ type: 'refused', ...of.link(), epoch: 1, offset: 0, commandId: 's', reason: 'why' });
  expect(pauseMs(of.journal().entry('s', 1)!)).toBe(10);
  expect(of.journal().pauses('original')).toEqual([]);
});

test('the first record of an id tells what became of it; a repeated one changes nothing', () => {
  const of = world();
  of.journal().commandRead(1, 0, command('s'), -1);
  of.journal().commandRead(1, 1, command('s'), -1);
  of.read({ type: 'skipped', ...of.link(), epoch: 0, offset: 0, commandId: 's', reason: 'why' });
  of.read({ type: 'skipped', ...of.link(), epoch: 0, offset: 1, commandId: 's', reason: 'decided before' });
  expect(of.decided).toEqual(['s skipped']);
  expect(of.journal().entry('s', 1)?.offset).toBe(0);
  expect(of.journal().entry('s', 0)).toBeUndefined();
});
