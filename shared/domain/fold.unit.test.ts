import { describe, expect, test } from 'vitest';
import {
  acceptedCreate,
  decidedAfter,
  genesis,
  mustCount,
  observedAfter,
  record,
  refusedUpdate,
  stateAfterGenesis,
  thing,
} from '../../test/outcome-log.ts';
import { accepted, refused } from './answer.ts';
import { create, update } from '../../test/outcome-log.ts';
import { fold, linkAfter } from './fold.ts';
import { emptyState, type PartitionState } from './partition-state.ts';

const unchangedBy = (state: PartitionState, next: Parameters<typeof fold>[1]): void => {
  const before = structuredClone(state.header);
  expect(fold(state, next)).toBeUndefined();
  expect(state.header).toEqual(before);
};
const released = (state: PartitionState, epoch: number, link = linkAfter(state.header)) =>
  record({ type: 'released', ...link, epoch, commandId: 's' });
const switched = (state: PartitionState, epoch: number, master: 'original' | 'shiny') =>
  record({
    type: 'switched',
    ...linkAfter(state.header),
    epoch,
    offset: state.header.position + 1,
    commandId: 's',
    master,
  });
const aborted = (state: PartitionState, epoch: number) =>
  record({
    type: 'refused',
    ...linkAfter(state.header),
    epoch,
    offset: state.header.position + 1,
    commandId: 's',
    reason: 'deadline',
  });
const skipped = (state: PartitionState, epoch: number) =>
  record({
    type: 'skipped',
    ...linkAfter(state.header),
    epoch,
    offset: state.header.position + 1,
    commandId: 's',
    reason: 'master',
  });

describe('genesis', () => {
  test('the first one counts and names the master, a second one does not', () => {
    const state = stateAfterGenesis('shiny');
    expect(state.header).toMatchObject({ master: 'shiny', epoch: 0, position: -1, feedPosition: -1 });
    unchangedBy(state, record({ ...genesis('original'), id: 'other' }));
  });
  test('nothing counts before it', () => {
    const state = emptyState(1);
    unchangedBy(state, decidedAfter(state, acceptedCreate('c', 1)));
  });
});

describe('decided', () => {
  test('given it fits, then state, answer, position and digest are taken', () => {
    const state = stateAfterGenesis('shiny');
    const { digest } = state.header;
    mustCount(state, decidedAfter(state, acceptedCreate('c', 5)));
    expect(state.header).toMatchObject({ position: 0, idFloor: 5 });
    expect(state.header.digest).not.toBe(digest);
    expect(state.things.get(5)).toEqual(thing(5));
    expect(state.answers.get('c')).toMatchObject({
      decidedBy: 'shiny',
      epoch: 0,
      answer: { code: 'accepted' },
    });
  });
  test('P3: given another position before it, then it does not count', () => {
    const state = stateAfterGenesis('shiny');
    const late = decidedAfter(state, acceptedCreate('late', 9));
    mustCount(state, decidedAfter(state, acceptedCreate('c', 5)));
    unchangedBy(state, late);
  });
  test('P3: given the same position but another predecessor, then it does not count', () => {
    const mine = stateAfterGenesis('shiny');
    const theirs = stateAfterGenesis('shiny');
    mustCount(mine, decidedAfter(mine, acceptedCreate('c', 5)));
    const next = decidedAfter(mine, acceptedCreate('d', 9));
    mustCount(theirs, decidedAfter(theirs, refusedUpdate('c', 5)));
    unchangedBy(theirs, next);
  });
  test('given another epoch, then it does not count', () => {
    const state = stateAfterGenesis('shiny');
    unchangedBy(state, decidedAfter(state, acceptedCreate('c', 5), { epoch: 1 }));
  });
  test('P8: given the partition is released, then it does not count', () => {
    const state = stateAfterGenesis('shiny');
    mustCount(state, released(state, 1));
    unchangedBy(state, decidedAfter(state, acceptedCreate('c', 5)));
  });
  test('P11: given an older state than the known one, then answer and position count, the state does not', () => {
    const state = stateAfterGenesis('original');
    mustCount(state, observedAfter(state, { state: thing(1, 4) }));
    mustCount(state, decidedAfter(state, accepted(update('u', 1, 1), thing(1, 2))));
    expect(state.things.get(1)?.version).toBe(4);
    expect(state.answers.get('u')?.state?.version).toBe(2);
    expect(state.header.position).toBe(0);
  });
  test('a 422 is never stored: it may count before the answer that it stems from', () => {
    const state = stateAfterGenesis('original');
    const asked = update('u', 1, 0);
    mustCount(state, decidedAfter(state, refused(asked, { code: 'reused' })));
    expect(state.answers.get('u')).toBeUndefined();
    mustCount(state, observedAfter(state, { decision: accepted(asked, thing(1, 1)) }));
    expect(state.answers.get('u')).toMatchObject({ answer: { code: 'accepted' } });
  });
  test('the first answer of an id stays', () => {
    const state = stateAfterGenesis('shiny');
    mustCount(state, decidedAfter(state, acceptedCreate('c', 5)));
    mustCount(state, decidedAfter(state, refusedUpdate('c', 5)));
    expect(state.answers.get('c')?.answer.code).toBe('accepted');
    expect(state.header.position).toBe(1);
  });
});

describe('observed', () => {
  test('given it follows the feed position, then state and answer count, and the chain does not move', () => {
    const state = stateAfterGenesis('original');
    const { digest } = state.header;
    mustCount(state, observedAfter(state, { decision: acceptedCreate('c', 5) }));
    expect(state.header).toMatchObject({ feedPosition: 0, position: -1, digest, idFloor: 5 });
    expect(state.things.get(5)).toEqual(thing(5));
    expect(state.answers.get('c')).toMatchObject({ decidedBy: 'original' });
  });
  test('P4: given an entry before it is missing, then it does not count', () => {
    const state = stateAfterGenesis('original');
    unchangedBy(state, observedAfter(state, { state: thing(1) }, { feedOffset: 1, previousFeedOffset: 0 }));
  });
  test('given it was observed before, then it does not count', () => {
    const state = stateAfterGenesis('original');
    const first = observedAfter(state, { state: thing(1) });
    mustCount(state, first);
    unchangedBy(state, first);
  });
  test('given Shiny is master, then it does not count', () => {
    const state = stateAfterGenesis('shiny');
    unchangedBy(state, observedAfter(state, { state: thing(1) }));
  });
  test('P2: an answer counts also when the state is not newer, and when there is none', () => {
    const state = stateAfterGenesis('original');
    mustCount(state, observedAfter(state, { state: thing(1, 4) }));
    mustCount(state, observedAfter(state, { decision: accepted(update('u', 1, 1), thing(1, 2)) }));
    mustCount(state, observedAfter(state, { decision: refusedUpdate('r', 1) }));
    expect(state.things.get(1)?.version).toBe(4);
    expect(state.answers.get('u')?.answer.code).toBe('accepted');
    expect(state.answers.get('r')?.answer.code).toBe('conflict');
  });
  test('P5: only the fence of the next epoch is taken', () => {
    const state = stateAfterGenesis('original');
    mustCount(state, observedAfter(state, { fence: { epoch: 3, idFloor: 99 } }));
    expect(state.header.fence).toBeNull();
    mustCount(state, observedAfter(state, { fence: { epoch: 1, idFloor: 13 } }));
    expect(state.header.fence).toEqual({ epoch: 1, idFloor: 13 });
  });
});

describe('switch decisions', () => {
  test('skipped: the position moves, the epoch stays (P12)', () => {
    const state = stateAfterGenesis('original');
    mustCount(state, skipped(state, 0));
    expect(state.header).toMatchObject({ position: 0, epoch: 0 });
    unchangedBy(state, skipped(state, 1));
  });
  test('refused: position and epoch move, fence and released are gone (P12)', () => {
    const state = stateAfterGenesis('original');
    mustCount(state, observedAfter(state, { fence: { epoch: 1, idFloor: 13 } }));
    unchangedBy(state, aborted(state, 0));
    mustCount(state, aborted(state, 1));
    expect(state.header).toMatchObject({
      position: 0,
      epoch: 1,
      masterSinceEpoch: 0,
      master: 'original',
      fence: null,
      released: null,
    });
  });
  test('P5: switched to Shiny counts only once the fence was observed', () => {
    const state = stateAfterGenesis('original');
    unchangedBy(state, switched(state, 1, 'shiny'));
    mustCount(state, observedAfter(state, { fence: { epoch: 1, idFloor: 13 } }));
    mustCount(state, switched(state, 1, 'shiny'));
    expect(state.header).toMatchObject({
      master: 'shiny',
      epoch: 1,
      masterSinceEpoch: 1,
      idFloor: 13,
      fence: null,
      position: 0,
    });
  });
  test('P8: released counts once, for the next epoch, when Shiny is master and the chain fits', () => {
    const original = stateAfterGenesis('original');
    unchangedBy(original, released(original, 1));
    const state = stateAfterGenesis('shiny');
    unchangedBy(state, released(state, 2));
    unchangedBy(state, released(state, 1, { previousOffset: -1, previousDigest: 'other' }));
    const { digest } = state.header;
    mustCount(state, released(state, 1));
    expect(state.header).toMatchObject({ released: 1, epoch: 0, position: -1 });
    expect(state.header.digest).not.toBe(digest);
    unchangedBy(state, released(state, 1));
  });
  test('switched to Original counts only when it was released', () => {
    const state = stateAfterGenesis('shiny');
    unchangedBy(state, switched(state, 1, 'original'));
    mustCount(state, released(state, 1));
    mustCount(state, switched(state, 1, 'original'));
    expect(state.header).toMatchObject({ master: 'original', epoch: 1, masterSinceEpoch: 1, released: null });
  });
  test('a switch there and back: decisions of the old epoch no longer count', () => {
    const state = stateAfterGenesis('original');
    const stale = decidedAfter(state, accepted(create('c'), thing(1)));
    mustCount(state, observedAfter(state, { fence: { epoch: 1, idFloor: 0 } }));
    mustCount(state, switched(state, 1, 'shiny'));
    unchangedBy(state, stale);
    mustCount(state, released(state, 2));
    mustCount(state, switched(state, 2, 'original'));
    mustCount(state, decidedAfter(state, acceptedCreate('d', 5)));
    expect(state.header).toMatchObject({ epoch: 2, position: 2, master: 'original' });
  });
});
