/** Faults of the log itself, each planted into one without any: reported as what it is, and as nothing else. */
import { expect, test } from 'vitest';
import type { Thing } from '../../shared/domain/thing.ts';
import { VIOLATION_KINDS, type ViolationKind } from './certificate.ts';
import { createPartition } from './create-partition.ts';
import { buildHistory } from './history-builder.ts';
import { createOf, deleteOf, updateOf, type Request } from './history-requests.ts';

type Built = ReturnType<typeof buildHistory>;

const expectOnly = (built: Built, counts: Partial<Record<ViolationKind, number>>): void => {
  const certificate = built.certificate();
  const found = VIOLATION_KINDS.filter((kind) => certificate.counts[kind] > 0);
  expect(Object.fromEntries(found.map((kind) => [kind, certificate.counts[kind]]))).toEqual(counts);
  for (const { excerpt } of certificate.violations) expect(excerpt.length).toBeGreaterThan(0);
};

/** A command that was asked for, decided as the test says, and never answered. */
const decideOpen = (built: Built, commandId: string, request: Request, state: Thing): void => {
  const command = built.commandOf(commandId, request);
  built.decide(built.ask(command), built.answerTo(command, state.id), state);
  built.saw({ ...built.asked(commandId, request), outcome: 'unknown' });
};
const begin = (master: 'original' | 'shiny' = 'shiny') => {
  const built = buildHistory(master);
  return { built, v0: built.write('c0', createOf('first')) };
};

test('a lost update: two writers of one version', () => {
  const { built, v0 } = begin();
  built.write('a', updateOf(v0, 'by a'));
  decideOpen(built, 'b', updateOf(v0, 'by b'), { ...v0, name: 'by b', updatedOn: built.now(), version: 1 });
  expectOnly(built, { versionsWithTwoWriters: 1 });
});
test('a lost update that both writers were told to have won', () => {
  const { built, v0 } = begin();
  built.write('a', updateOf(v0, 'by a'));
  built.write('b', updateOf(v0, 'by b'));
  expectOnly(built, { versionsWithTwoWriters: 1 });
});
test('one id that makes two versions', () => {
  const { built, v0 } = begin();
  const v1 = built.write('a', updateOf(v0, 'twice'));
  const again = built.commandOf('a', updateOf(v1, 'twice'));
  const v2 = { ...v1, version: 2 };
  built.decide(built.ask(again), built.answerTo(again, 1), v2);
  expectOnly(built, { secondEffects: 1 });
});
test('one create that makes two Things', () => {
  const { built } = begin();
  built.write('a', createOf('twice'));
  built.write('a', createOf('twice'));
  built.lines.pop();
  expectOnly(built, { secondEffects: 1 });
});
test('a repeat whose state has other content', () => {
  const { built, v0 } = begin();
  const command = built.commandOf('c0', createOf('first'));
  built.decide(built.ask(command), built.answerTo(command, 1), { ...v0, foo: 2 });
  expectOnly(built, { differingAnswers: 1 });
});
test('a repeat that the log refuses', () => {
  const { built } = begin();
  const command = built.commandOf('c0', createOf('first'));
  built.decide(built.ask(command), built.answerTo(command, null, 'absent'), null);
  expectOnly(built, { differingAnswers: 1 });
});
test('a repeat that the log refuses for another reason than before', () => {
  const { built, v0 } = begin();
  built.write('a', updateOf(v0, 'second'));
  const late = updateOf(v0, 'late');
  built.writeInVain('b', late);
  const command = built.commandOf('b', late);
  const conflict = built.answerTo(command, 1, 'conflict');
  built.decide(built.ask(command), { ...conflict, currentVersion: 0 }, null);
  built.decide(built.ask(command), { ...conflict, code: 'absent' }, null);
  expectOnly(built, { differingAnswers: 2 });
});
test('another request under a used id that is answered as if it were the first', () => {
  const { built, v0 } = begin();
  const other = { ...built.commandOf('c0', createOf('other')) };
  built.decide(built.ask(other), built.answerTo(other, 1), v0);
  expectOnly(built, { differingAnswers: 1 });
});
test('a repeat that the log takes for another request', () => {
  const { built } = begin();
  const command = built.commandOf('c0', createOf('first'));
  built.decide(built.ask(command), built.answerTo(command, null, 'reused'), null);
  expectOnly(built, { differingAnswers: 1 });
});
test('a write that is accepted without a state', () => {
  const { built, v0 } = begin();
  const command = built.commandOf('a', updateOf(v0, 'nowhere'));
  built.decide(built.ask(command), built.answerTo(command, 1), null);
  expectOnly(built, { lostWrites: 1 });
});
test('a version that was left out', () => {
  const { built, v0 } = begin();
  const v1 = { ...v0, version: 1 };
  decideOpen(built, 'a', updateOf(v1, 'third'), { ...v1, name: 'third', version: 2 });
  expectOnly(built, { versionGaps: 1 });
});
test('a write that nobody asked for', () => {
  const { built, v0 } = begin('original');
  built.writeDirectly('nobody', updateOf(v0, 'ghost'));
  built.lines.pop();
  expectOnly(built, { ghostWrites: 1 });
});
test('a write of other content than asked for', () => {
  const { built, v0 } = begin();
  decideOpen(built, 'a', updateOf(v0, 'asked'), { ...v0, name: 'not asked', version: 1 });
  expectOnly(built, { ghostWrites: 1 });
});
test('a direct write of other content, when others write as well', () => {
  const { built, v0 } = begin('original');
  const state = { ...v0, name: 'not asked', version: 1 };
  const command = built.commandOf('a', updateOf(v0, 'asked'));
  built.ask(command);
  built.observe(built.publish({ state, answer: built.answerTo(command, 1) }));
  expect(built.certificate({ historyIsComplete: false }).counts.ghostWrites).toBe(1);
});
test('a state without an answer', () => {
  const { built, v0 } = begin('original');
  built.observe(built.publish({ state: { ...v0, version: 1 } }));
  expectOnly(built, { ghostWrites: 1 });
});
test('a create that makes a later version, or a deleted Thing', () => {
  const { built, v0 } = begin();
  decideOpen(built, 'a', createOf('first'), { ...v0, version: 1 });
  decideOpen(built, 'b', createOf('first'), { ...v0, id: 2, deleted: true });
  expectOnly(built, { ghostWrites: 2 });
});
test('a deletion that changes, and life after it', () => {
  const { built, v0 } = begin();
  decideOpen(built, 'a', deleteOf(v0), { ...v0, version: 1, name: 'changed', deleted: true });
  const dead = { ...v0, version: 1 };
  decideOpen(built, 'b', updateOf(dead, 'alive'), { ...v0, version: 2, name: 'alive' });
  expectOnly(built, { ghostWrites: 2 });
});
test('a Thing in the wrong partition', () => {
  const built = buildHistory('shiny', 2);
  const commandId = ['a', 'b', 'c', 'd', 'e'].find((id) => createPartition(id, 2) === 0)!;
  built.write(commandId, createOf('odd'));
  expectOnly(built, { ghostWrites: 1 });
});
test('a create in the wrong partition', () => {
  const built = buildHistory('shiny', 2);
  const commandId = ['a', 'b', 'c', 'd', 'e'].find((id) => createPartition(id, 2) === 1)!;
  built.stateOf(createOf('that takes the odd id'));
  built.write(commandId, createOf('even'));
  expectOnly(built, { lostWrites: 1, decisionsOfNoCommand: 1 });
});
test('a decision that nobody asked for, when others write as well', () => {
  const { built, v0 } = begin();
  const request = updateOf(v0, 'ghost');
  const offset = built.ask(built.commandOf('a', request));
  const state = built.stateOf(request);
  built.decide(offset, built.answerTo(built.commandOf('nobody', request), 1), state);
  const { counts } = built.certificate({ historyIsComplete: false });
  expect(counts).toMatchObject({ ghostWrites: 1, decisionsOfNoCommand: 1 });
});
test('times that change or go back', () => {
  const { built, v0 } = begin();
  decideOpen(built, 'a', updateOf(v0, 'a'), { ...v0, name: 'a', version: 1, createdOn: v0.createdOn - 1 });
  const v1 = built.things.get(1)!;
  decideOpen(built, 'b', updateOf(v1, 'b'), { ...v1, name: 'b', version: 2, updatedOn: v1.updatedOn - 1 });
  expectOnly(built, { ghostWrites: 2 });
});
test('an epoch of a Thing that goes back', () => {
  const { built, v0 } = begin('original');
  built.switchTo('shiny', 'refused');
  const v1 = built.write('a', updateOf(v0, 'in epoch 1'));
  const request = updateOf(v1, 'in epoch 0');
  const state = built.stateOf(request);
  built.observe(built.publish({ state, answer: built.answerTo(built.commandOf('b', request), 1), epoch: 0 }));
  built.sawAccepted('b', request, state);
  expectOnly(built, { thingEpochsGoingBack: 1 });
});
test('an epoch of a partition that goes back', () => {
  const { built } = begin('original');
  built.switchTo('shiny');
  built.switchTo('original');
  const request = createOf('of the last time');
  const state = built.stateOf(request);
  built.observe(built.publish({ state, answer: built.answerTo(built.commandOf('b', request), 2), epoch: 0 }));
  built.sawAccepted('b', request, state);
  expectOnly(built, { partitionEpochsGoingBack: 1 });
});
test('a command without a decision', () => {
  const { built } = begin();
  built.ask(built.commandOf('a', createOf('undecided')));
  expectOnly(built, { undecidedCommands: 1 });
});
test('a decision that does not fit the chain is none', () => {
  const { built, v0 } = begin();
  const request = updateOf(v0, 'forked');
  const command = built.commandOf('a', request);
  const offset = built.ask(command);
  const link = { previousOffset: built.position(), previousDigest: 'of another chain', epoch: 0 };
  const state = { ...v0, name: 'forked', version: 1 };
  built.append('outcomes', {
    type: 'decided',
    ...link,
    offset,
    answer: built.answerTo(command, 1),
    state,
    feature: null,
  });
  built.sawAccepted('a', request, state);
  expectOnly(built, { undecidedCommands: 1, lostWrites: 1 });
});
test('a command with two decisions', () => {
  const { built, v0 } = begin();
  const command = built.commandOf('c0', createOf('first'));
  built.decide(0, built.answerTo(command, 1), v0);
  expectOnly(built, { commandsDecidedTwice: 1 });
});
test('decisions of commands that are not there, or are others', () => {
  const { built } = begin();
  const mark = built.answerTo(built.commandOf('a', createOf('a')), null, 'absent');
  built.decide(5, mark, null);
  expectOnly(built, { decisionsOfNoCommand: 1 });
  const other = begin().built;
  const offset = other.ask(other.commandOf('b', createOf('b')));
  other.decide(offset, mark, null);
  expectOnly(other, { decisionsOfNoCommand: 1 });
  const last = begin().built;
  const place = last.ask(last.commandOf('b', createOf('b')));
  last.appendLink({ type: 'skipped', offset: place, commandId: 'b', reason: 'not a switch' });
  expectOnly(last, { decisionsOfNoCommand: 1 });
});
test('commands that are decided out of order', () => {
  const { built } = begin();
  const commands = ['a', 'b'].map((id) => built.commandOf(id, createOf(id)));
  const offsets = commands.map((command) => built.ask(command));
  for (const at of [1, 0]) {
    const state = built.stateOf(createOf(commands[at]!.commandId));
    built.decide(offsets[at]!, built.answerTo(commands[at]!, state.id), state);
  }
  expectOnly(built, { decisionsOutOfOrder: 1 });
});

const entryOf = (built: Built, commandId: string, number?: number): number => {
  const request = createOf(commandId);
  const state = built.stateOf(request);
  const answer = built.answerTo(built.commandOf(commandId, request), state.id);
  return built.publish({ state, answer, ...(number === undefined ? {} : { number }) });
};
test('an entry of the feed that is left out', () => {
  const { built } = begin('original');
  // A number that was given before: what lies behind it counts all the same.
  entryOf(built, 'left out', 1);
  built.writeDirectly('b', createOf('behind it'));
  expectOnly(built, { brokenFeed: 1 });
});
test('an entry of the feed that is never observed, unless Shiny is master', () => {
  const { built } = begin('original');
  entryOf(built, 'a');
  expectOnly(built, { brokenFeed: 1 });
  const other = begin('original').built;
  other.switchTo('shiny');
  entryOf(other, 'a');
  expect(other.certificate().clean).toBe(true);
});
test('entries that are observed out of order', () => {
  const { built } = begin('original');
  built.saw({ ...built.asked('b', createOf('b')), outcome: 'unknown' });
  const first = built.publish({ number: 1 });
  built.observe(entryOf(built, 'b'));
  built.observe(first);
  built.writeDirectly('c', createOf('c'));
  expectOnly(built, { brokenFeed: 1 });
});
test('an entry that is observed as something else, or is not there', () => {
  const { built } = begin('original');
  built.writeDirectly('a', createOf('a'));
  const second = entryOf(built, 'b');
  built.saw({ ...built.asked('b', createOf('b')), outcome: 'unknown' });
  built.observe(second, { epoch: 1 });
  expectOnly(built, { brokenFeed: 1 });
  const other = begin('original').built;
  other.observe(other.publish({}));
  other.records.splice(-2, 1);
  expectOnly(other, { brokenFeed: 1 });
});
test('a switch without its fence or release does not count', () => {
  const { built } = begin('original');
  const command = { type: 'switch', commandId: 's', requestedOn: 0, payloadHash: '', to: 'shiny' } as const;
  const offset = built.ask({ ...command, expectedEpoch: 0, deadline: 9, allowLoss: false });
  built.appendLink({ type: 'switched', offset, commandId: 's', master: 'shiny' }, 1);
  expectOnly(built, { undecidedCommands: 1 });
});
test('a second genesis is no new beginning', () => {
  const { built, v0 } = begin();
  built.append('outcomes', { type: 'genesis', id: 'h', format: 2, partitions: 4, master: 'original' });
  built.write('a', updateOf(v0, 'later'));
  const certificate = built.certificate();
  expect(certificate).toMatchObject({ clean: true, partitions: 1 });
});
test('a command that was passed over, and could have been decided', () => {
  const { built, v0 } = begin();
  const offset = built.ask(built.commandOf('a', updateOf(v0, 'later')));
  built.appendLink({ type: 'invalid', offset });
  expectOnly(built, { decisionsOfNoCommand: 1 });
});
test.each([{ name: '' }, { commandId: 'a b' }, { version: -1 }, { foo: Infinity }, { requestedOn: 0.5 }])(
  'a command that could not be decided may be passed over: %j',
  (change) => {
    const { built, v0 } = begin();
    const offset = built.ask({ ...built.commandOf('a', updateOf(v0, 'later')), ...change });
    built.appendLink({ type: 'invalid', offset });
    expectOnly(built, {});
  },
);
