import { describe, expect, test } from 'vitest';
import {
  create,
  decidedAfter,
  mustCount,
  NOW,
  remove,
  stateAfterGenesis,
  thing,
  update,
} from '../../test/outcome-log.ts';
import { thingCommand, type MarkCommand, type ThingCommand } from './command.ts';
import { decide, decideFromFold, decideStateOf } from './decide.ts';
import type { PartitionState } from './partition-state.ts';

/** A partition of Shiny in which these commands were decided, in this order. */
const given = (...commands: ThingCommand[]): PartitionState => {
  const state = stateAfterGenesis('shiny', 1);
  for (const command of commands)
    mustCount(state, decidedAfter(state, decide(decideStateOf(state), command)));
  return state;
};
const when = (state: PartitionState, command: ThingCommand | MarkCommand) =>
  decide(decideStateOf(state), command);

describe('create', () => {
  test('given nothing, then version 0 under the first id of the partition', () => {
    expect(when(given(), create('c'))).toMatchObject({
      answer: { code: 'accepted', thingId: 1 },
      state: { id: 1, version: 0, name: 'a', foo: 1, createdOn: NOW, updatedOn: NOW, deleted: false },
    });
  });
  test('given others, then the next id of the same partition', () => {
    expect(when(given(create('c'), create('d')), create('e')).state?.id).toBe(9);
  });
  test('given a deleted one, then its id is not used again', () => {
    expect(when(given(create('c'), remove('d', 1, 0)), create('e')).state?.id).toBe(5);
  });
});

describe('update', () => {
  test('given the current version, then the next one', () => {
    expect(when(given(create('c')), update('u', 1, 0)).state).toEqual(thing(1, 1, { name: 'b', foo: 2 }));
  });
  test('given another version, then a conflict that names the current one', () => {
    const state = given(create('c'), update('u', 1, 0));
    expect(when(state, update('v', 1, 0))).toMatchObject({
      answer: { code: 'conflict', currentVersion: 1 },
      state: null,
    });
    expect(when(state, update('w', 1, 2)).answer.code).toBe('conflict');
  });
  test('given no such Thing, or a deleted one, then absent', () => {
    expect(when(given(), update('u', 1, 0)).answer).toMatchObject({ code: 'absent', thingId: 1 });
    expect(when(given(create('c'), remove('d', 1, 0)), update('u', 1, 1)).answer.code).toBe('absent');
  });
  test('given read-only fields, then they must equal the present values', () => {
    const state = given(create('c'));
    const sent = (createdOn: number | null, updatedOn: number | null) =>
      when(
        state,
        thingCommand(
          { type: 'update', thingId: 1, version: 0, name: 'b', foo: 2, createdOn, updatedOn },
          'u',
          NOW,
        ),
      );
    expect(sent(NOW, NOW).answer.code).toBe('accepted');
    expect(sent(NOW + 1, null).answer).toMatchObject({ code: 'readonly', field: 'created_on' });
    expect(sent(null, NOW - 1).answer).toMatchObject({ code: 'readonly', field: 'updated_on' });
  });
  test('given a clock that went back, then the time of the change does not', () => {
    const command = { ...update('u', 1, 0), requestedOn: NOW - 5_000 };
    expect(when(given(create('c')), command).state?.updatedOn).toBe(NOW);
  });
});

describe('delete', () => {
  test('given the current version, then a tombstone with the next one', () => {
    expect(when(given(create('c')), remove('d', 1, 0)).state).toMatchObject({
      id: 1,
      version: 1,
      deleted: true,
      name: 'a',
    });
  });
  test('given it twice, then absent', () => {
    expect(when(given(create('c'), remove('d', 1, 0)), remove('e', 1, 1)).answer.code).toBe('absent');
  });
});

describe('a repeated command id', () => {
  test('given the same request, then the same decision, whatever happened since', () => {
    const first = when(given(), create('c'));
    expect(when(given(create('c'), update('u', 1, 0)), create('c'))).toEqual(first);
    const refused = when(given(create('c')), update('u', 1, 5));
    expect(when(given(create('c'), update('u', 1, 5), update('v', 1, 0)), update('u', 1, 5))).toEqual(
      refused,
    );
  });
  test('given another request, then reused, and the first answer stays', () => {
    const state = given(create('c'), create('c', 'other'));
    expect(when(state, create('c', 'other')).answer.code).toBe('reused');
    expect(state.answers.get('c')?.answer.code).toBe('accepted');
  });
  test('P10: the fold answers repeats and marks, and nothing else, while Original is master', () => {
    const state = given(create('c'));
    expect(decideFromFold(decideStateOf(state), create('c'))?.answer.code).toBe('accepted');
    expect(decideFromFold(decideStateOf(state), create('d'))).toBeUndefined();
    expect(decideFromFold(decideStateOf(state), update('u', 77, 0))).toBeUndefined();
  });
});

test('a mark is accepted and changes nothing', () => {
  const mark: MarkCommand = {
    type: 'mark',
    commandId: 'm',
    label: 'here',
    payloadHash: 'h',
    requestedOn: NOW,
  };
  expect(when(given(), mark)).toMatchObject({ answer: { code: 'accepted', thingId: null }, state: null });
});
