import { describe, expect, test } from 'vitest';
import { create, decidedAfter, mustCount, stateAfterGenesis, update } from '../../test/outcome-log.ts';
import { accepted, type Decision } from '../../shared/domain/answer.ts';
import type { ThingCommand } from '../../shared/domain/command.ts';
import { decide, decideStateOf } from '../../shared/domain/decide.ts';
import { createThing } from '../../shared/domain/thing.ts';
import { ApiError, type ErrorCode } from '../../shared/http/errors.ts';
import { decideNow } from './decide-now.ts';

const PARTITION = 1;
/** One Thing was created by `known` while Shiny was master, or Original is master and nothing has happened. */
const stateOf = (master: 'original' | 'shiny') => {
  const state = stateAfterGenesis(master, PARTITION);
  if (master === 'shiny')
    mustCount(state, decidedAfter(state, decide(decideStateOf(state), create('known'))));
  return state;
};
const original = (answer: () => Decision | 'not-master') => ({ decide: async () => answer() });
const nobody = original(() => {
  throw new Error('nobody is to be asked');
});
const run = (master: 'original' | 'shiny', command: ThingCommand, asked: ReturnType<typeof original>) =>
  decideNow(decideStateOf(stateOf(master)), command, PARTITION, asked);

test('while Shiny is master it decides alone, a repeated id with its first answer', async () => {
  const decided = await run('shiny', create('known'), nobody);
  expect(decided).toMatchObject({ kind: 'decision', decision: { answer: { code: 'accepted' } } });
  const next = await run('shiny', update('u', 1, 7), nobody);
  expect(next).toMatchObject({ kind: 'decision', decision: { answer: { code: 'conflict' } } });
});

describe('while Original is master', () => {
  const command = create('c');
  const made = (id: number) => accepted(command, createThing(id, { name: 'a', foo: 1 }, 0));

  test('its decision is taken if the log has nothing against it', async () => {
    const decision = made(5);
    expect(
      await run(
        'original',
        command,
        original(() => decision),
      ),
    ).toEqual({ kind: 'decision', decision });
  });
  test('a decision that the log contradicts is none, and the partition is diverged', async () => {
    const elsewhere = await run(
      'original',
      command,
      original(() => made(6)),
    );
    expect(elsewhere).toMatchObject({ kind: 'not-now', trouble: { kind: 'diverged' } });
  });
  test('"not master" waits for the log, and is no trouble', async () => {
    expect(
      await run(
        'original',
        command,
        original(() => 'not-master'),
      ),
    ).toEqual({ kind: 'not-now' });
  });
  test.each<[ErrorCode, object]>([
    ['undecidable', { kind: 'invalid', reason: 'why' }],
    ['bad-request', { kind: 'not-now', trouble: { kind: 'stuck' } }],
    ['unavailable', { kind: 'not-now', trouble: { kind: 'stuck' } }],
    ['diverged', { kind: 'not-now', trouble: { kind: 'diverged' } }],
  ])('P17: the error %s', async (code, expected) => {
    const refuses = original(() => {
      throw new ApiError(code, 'why');
    });
    expect(await run('original', command, refuses)).toMatchObject(expected);
  });
});
