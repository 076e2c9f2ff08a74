import { describe, expect, test } from 'vitest';
import {
  acceptedCreate,
  mustCount,
  observedAfter,
  refusedUpdate,
  stateAfterGenesis,
  thing,
  update,
} from '../../test/outcome-log.ts';
import { accepted, type Decision, type StoredAnswer } from '../../shared/domain/answer.ts';
import type { PartitionState } from '../../shared/domain/partition-state.ts';
import type { Thing } from '../../shared/domain/thing.ts';
import { repairPlan, type RepairPlan, type StoreContent } from './repair-plan.ts';

const ROW = { master: 'original', epoch: 0, masterSinceEpoch: 0, refusedReason: null } as const;
/** Thing 5 at version 1, observed. */
const logged = (): PartitionState => {
  const state = stateAfterGenesis('original');
  mustCount(state, observedAfter(state, { decision: acceptedCreate('c', 5) }));
  mustCount(state, observedAfter(state, { decision: accepted(update('u', 5, 0), thing(5, 1)) }));
  return state;
};
const decisionsOf = (state: PartitionState): Decision[] => [
  ...(state.answers as Map<string, StoredAnswer>).values(),
];
const thingsOf = (state: PartitionState): Thing[] => [...(state.things as Map<number, Thing>).values()];
const planFor = (state: PartitionState, change: Partial<StoreContent> = {}): RepairPlan =>
  repairPlan(state, decisionsOf(state), thingsOf(state), {
    row: ROW,
    things: thingsOf(state),
    answers: decisionsOf(state),
    lastId: 5,
    ...change,
  });
const ids = (plan: RepairPlan) => ({
  things: plan.writeThings.map(({ id, version }) => [id, version]),
  answers: plan.writeAnswers.map(({ answer }) => answer.commandId),
  lost: plan.dropAnswers,
  again: plan.publishAgain,
});

describe('what is repaired', () => {
  test('given that both are one, then nothing', () => {
    const plan = planFor(logged());
    expect(ids(plan)).toEqual({ things: [], answers: [], lost: [], again: [] });
    expect(plan).toMatchObject({ row: undefined, dropThings: [], fenceAgain: undefined, entryNumber: 2 });
  });
  test('given that Shiny is master, then what the database has alone is lost by name, also where it would go on', () => {
    const state = stateAfterGenesis('shiny');
    const alone = acceptedCreate('alone', 5);
    const row = { ...ROW, master: 'shiny' } as const;
    const plan = planFor(state, { row, things: [thing(5)], answers: [alone] });
    expect(ids(plan)).toEqual({ things: [], answers: [], lost: ['alone'], again: [] });
    expect(plan.dropThings).toEqual([5]);
  });
  test('given a database that was set back, then what the log has is written, and what forked is lost by name', () => {
    const forked = accepted(update('forked', 5, 0), thing(5, 1, { name: 'forked' }));
    const plan = planFor(logged(), {
      things: [forked.state!],
      answers: [acceptedCreate('c', 5), forked],
    });
    expect(ids(plan)).toEqual({ things: [[5, 1]], answers: ['u'], lost: ['forked'], again: [] });
  });
  test('given writes that continue the log and are in the database alone, then they are published again, in order', () => {
    const state = logged();
    const [v2, v3] = [2, 3].map((version) =>
      accepted(update(`v${version}`, 5, version - 1), thing(5, version)),
    );
    const other = acceptedCreate('d', 9);
    const plan = planFor(state, {
      things: [v3!.state!, other.state!],
      answers: [...decisionsOf(state), v3!, refusedUpdate('r', 5), v2!, other],
    });
    expect(ids(plan)).toEqual({ things: [], answers: [], lost: [], again: ['r', 'v2', 'v3', 'd'] });
    expect(plan.dropThings).toEqual([]);
  });
  test('given a gap before a write that the database has alone, then it cannot go on, and its Thing is as the log has it', () => {
    const state = logged();
    const v4 = accepted(update('v4', 5, 3), thing(5, 4));
    const stray = acceptedCreate('e', 13);
    const lateStray = { ...stray, state: { ...stray.state!, version: 1 } };
    const plan = planFor(state, {
      things: [v4.state!, lateStray.state],
      answers: [...decisionsOf(state), v4, lateStray],
    });
    expect(ids(plan)).toEqual({ things: [[5, 1]], answers: [], lost: ['v4', 'e'], again: [] });
    expect(plan.dropThings).toEqual([13]);
  });
});

describe('the row', () => {
  test('given one behind the log, then it becomes that of the log, as it is behind an observed fence or a release', () => {
    const state = logged();
    state.header = { ...state.header, epoch: 2, masterSinceEpoch: 2 };
    expect(planFor(state).row).toEqual({ master: 'original', epoch: 2, masterSinceEpoch: 2 });
    state.header = { ...state.header, fence: { epoch: 3, idFloor: 5 } };
    expect(planFor(state).row).toEqual({ master: 'shiny', epoch: 3, masterSinceEpoch: 3 });
    state.header = { ...state.header, fence: null, master: 'shiny', released: 3 };
    expect(planFor(state).row).toEqual({ master: 'original', epoch: 3, masterSinceEpoch: 3 });
  });
  test('given one that is fenced and the fence is in no log, then it stays, and the fence is published again', () => {
    const row = { master: 'shiny', epoch: 1, masterSinceEpoch: 1, refusedReason: null } as const;
    expect(planFor(logged(), { row })).toMatchObject({ row: undefined, fenceAgain: 1 });
  });
});
