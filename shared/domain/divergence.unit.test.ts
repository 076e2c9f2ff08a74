import { describe, expect, test } from 'vitest';
import {
  acceptedCreate,
  genesis,
  mustCount,
  observedAfter,
  PARTITIONS,
  refusedUpdate,
  record,
  stateAfterGenesis,
  thing,
} from '../../test/outcome-log.ts';
import { accepted } from './answer.ts';
import { decideStateOf } from './decide.ts';
import { decisionFault, entryFault } from './divergence.ts';
import { update } from '../../test/outcome-log.ts';
import { evolve, fold } from './fold.ts';
import type { OriginalEntry } from './outcome.ts';
import { emptyState, type PartitionState } from './partition-state.ts';

const entryOf = (
  number: number,
  decision = acceptedCreate(`c${number}`, 1 + 4 * number),
  change: Partial<OriginalEntry> = {},
): OriginalEntry => ({
  type: 'original-entry',
  number,
  epoch: 0,
  state: decision.state,
  answer: decision.answer,
  fence: null,
  request: null,
  ...change,
});
/** Partition 1 under Original, with entries 1 and 2 observed. */
const observedTwo = (): PartitionState => {
  const state = stateAfterGenesis('original');
  for (const number of [1, 2])
    mustCount(state, observedAfter(state, { decision: acceptedCreate(`c${number}`, 1 + 4 * number) }));
  return state;
};
const fault = (state: PartitionState, entry: OriginalEntry, next = state.header.entryNumber + 1) =>
  entryFault(decideStateOf(state), entry, next);

describe('P16: an entry of the feed against the log', () => {
  test('given entries 1 and 2, then 3 fits, and 1 and 2 again', () => {
    const state = observedTwo();
    for (const number of [1, 2, 3]) expect(fault(state, entryOf(number))).toBeUndefined();
  });
  test('given a gap, then the feed was lost', () =>
    expect(fault(observedTwo(), entryOf(4))).toMatch(
      /entry 4 .* follows entry 2 .*the feed was lost or cut/,
    ));
  test('given a number that came before under another write, then the database was set back', () => {
    expect(fault(observedTwo(), entryOf(2, acceptedCreate('other', 13)))).toMatch(/set back/);
    expect(fault(observedTwo(), entryOf(1, refusedUpdate('c1', 5)))).toMatch(/set back/);
  });
  test('given an epoch from before the last change of master, then the database was set back', () => {
    const state = observedTwo();
    state.header = { ...state.header, epoch: 2, masterSinceEpoch: 2 };
    expect(fault(state, entryOf(3))).toMatch(/is of epoch 0, and the master changed in epoch 2/);
  });
  test('given the version of a Thing with another content, or a Thing of another partition, then it says so', () => {
    const state = observedTwo();
    const forged = accepted(update('u', 5, 0), thing(5, 0, { name: 'forged' }));
    expect(fault(state, entryOf(3, forged))).toMatch(/version 0 of Thing 5 has another content/);
    expect(fault(state, entryOf(3, acceptedCreate('x', 2)))).toMatch(/lives in another partition/);
  });
});

describe('P16: a decision of Original against the log', () => {
  const judge = (state: PartitionState, made: ReturnType<typeof thing>) => {
    const command = update('u', made.id, 0);
    return decisionFault(decideStateOf(state), command, accepted(command, made));
  };
  test('given the next version, or an older one that was observed meanwhile, then it fits', () => {
    expect(judge(observedTwo(), thing(5, 1))).toBeUndefined();
    const state = observedTwo();
    mustCount(state, observedAfter(state, { decision: accepted(update('v', 5, 0), thing(5, 2)) }));
    expect(judge(state, thing(5, 1))).toBeUndefined();
  });
  test('given a version that the log has with another content, then it does not', () => {
    const state = observedTwo();
    mustCount(state, observedAfter(state, { decision: accepted(update('v', 5, 0), thing(5, 1)) }));
    expect(judge(state, thing(5, 1, { name: 'other' }))).toMatch(/another content/);
  });
  test('given an answer to another command, then it does not', () => {
    const command = update('u', 5, 0);
    expect(
      decisionFault(decideStateOf(observedTwo()), command, accepted(update('other', 5, 0), thing(5, 1))),
    ).toMatch(/another command/);
  });
});

describe('the fold holds P16 and P17, whoever writes', () => {
  test('an entry behind a gap does not count; one that came before, or cannot be read, moves the place and brings nothing', () => {
    const state = observedTwo();
    const before = state.header;
    expect(
      evolve(before, observedAfter(state, { decision: acceptedCreate('x', 21) }, { number: 4 })),
    ).toBeUndefined();
    for (const number of [1, null])
      expect(
        evolve(before, observedAfter(state, { decision: acceptedCreate('x', 21) }, { number })),
      ).toMatchObject({
        header: { feedPosition: before.feedPosition + 1, entryNumber: 2, idFloor: before.idFloor },
        state: null,
        answer: null,
      });
  });
  test('a command that is none is a link: the position moves, once', () => {
    const state = emptyState(1);
    fold(state, record({ ...genesis('shiny'), partitions: PARTITIONS }));
    const invalid = record({
      type: 'invalid',
      previousOffset: -1,
      previousDigest: state.header.digest,
      epoch: 0,
      offset: 0,
    });
    mustCount(state, invalid);
    expect(state.header).toMatchObject({ position: 0, epoch: 0 });
    expect(fold(state, invalid)).toBeUndefined();
  });
});
