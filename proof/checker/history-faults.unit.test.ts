/** Faults that clients could see, each planted into a history without any: reported as what it is, and as nothing else. */
import { expect, test } from 'vitest';
import { VIOLATION_KINDS, type ViolationKind } from './certificate.ts';
import { buildHistory } from './history-builder.ts';
import { createOf, deleteOf, seen, updateOf } from './history-requests.ts';

type Built = ReturnType<typeof buildHistory>;
type Counts = Partial<Record<ViolationKind, number>>;

const begin = () => {
  const built = buildHistory('shiny');
  const v0 = built.write('c0', createOf('first'));
  const v1 = built.write('c1', updateOf(v0, 'second'));
  return { ...built, v0, v1 };
};

const expectOnly = (built: Pick<Built, 'certificate'>, counts: Counts): void => {
  const certificate = built.certificate();
  const found = VIOLATION_KINDS.filter((kind) => certificate.counts[kind] > 0);
  expect(Object.fromEntries(found.map((kind) => [kind, certificate.counts[kind]]))).toEqual(counts);
  expect(certificate.clean).toBe(false);
  for (const { excerpt } of certificate.violations) expect(excerpt.length).toBeGreaterThan(0);
};

test('an acknowledged write that the log does not have', () => {
  const built = begin();
  const request = createOf('lost');
  built.sawAccepted('c2', request, built.stateOf(request));
  expectOnly(built, { lostWrites: 1 });
});
test('an acknowledged write that the log has with other content', () => {
  const built = begin();
  const v2 = built.write('c2', updateOf(built.v1, 'third'));
  built.lines.pop();
  built.sawAccepted('c2', updateOf(built.v1, 'third'), { ...v2, name: 'something else' });
  expectOnly(built, { lostWrites: 1 });
});
test('an acknowledged write whose repeat shows other content', () => {
  const built = begin();
  built.sawAccepted('c1', updateOf(built.v0, 'second'), { ...built.v1, name: 'something else' });
  expectOnly(built, { lostWrites: 1 });
});
test('an acknowledged write that took the effect of another request under its id', () => {
  const built = begin();
  built.write('c2', updateOf(built.v1, 'third'));
  built.lines.pop();
  built.sawAccepted('c2', updateOf(built.v1, 'not asked'), built.things.get(1)!);
  expectOnly(built, { lostWrites: 1 });
});
test('a direct write whose entry never reached the log', () => {
  const built = buildHistory('original');
  const v0 = built.writeDirectly('c0', createOf('first'));
  built.sawAccepted('c1', updateOf(v0, 'second'), { ...v0, name: 'second', version: 1 }, { api: 'original' });
  expectOnly(built, { lostWrites: 1 });
});
test('a conflict that took effect', () => {
  const built = begin();
  const request = updateOf(built.v1, 'third');
  built.write('c2', request);
  built.lines.pop();
  built.saw({ ...built.asked('c2', request), outcome: 'conflict', code: 'conflict', currentVersion: 1 });
  expectOnly(built, { refusedWritesInEffect: 1 });
});
test('a write that was turned away with 503 and took effect', () => {
  const built = begin();
  const request = updateOf(built.v1, 'third');
  built.write('c2', request);
  built.lines.pop();
  built.saw({ ...built.asked('c2', request), outcome: 'refused', status: 503 });
  expectOnly(built, { refusedWritesInEffect: 1 });
});
test('a conflict that the log answers otherwise', () => {
  const built = begin();
  built.writeInVain('c2', updateOf(built.v0, 'late'));
  const line = built.lines.pop()!;
  built.saw({ ...line, currentVersion: 0 });
  expectOnly(built, { differingAnswers: 1 });
});
test('a conflict that the log has no answer to', () => {
  const built = begin();
  const asked = built.asked('c2', updateOf(built.v0, 'late'));
  built.saw({ ...asked, outcome: 'conflict', code: 'conflict', currentVersion: 1 });
  expectOnly(built, { differingAnswers: 1 });
});
test('a repeat that is answered otherwise', () => {
  const built = begin();
  const asked = built.asked('c1', updateOf(built.v0, 'second'));
  built.saw({ ...asked, outcome: 'conflict', code: 'conflict', currentVersion: 1 });
  expectOnly(built, { differingAnswers: 1 });
});
test('a repeat that shows another version', () => {
  const built = begin();
  const v2 = built.write('c2', updateOf(built.v1, 'third'));
  built.sawAccepted('c1', updateOf(built.v0, 'second'), v2);
  expectOnly(built, { differingAnswers: 1 });
});
test('a repeat that is taken for another request', () => {
  const built = begin();
  const asked = built.asked('c1', updateOf(built.v0, 'second'));
  built.saw({ ...asked, outcome: 'conflict', code: 'reused', status: 422 });
  expectOnly(built, { differingAnswers: 1 });
});
test('a stale no-cache read', () => {
  const built = begin();
  built.read(built.v0);
  expectOnly(built, { staleReads: 1 });
});
test('a no-cache read behind a plain read of another node', () => {
  const built = buildHistory('shiny');
  const v0 = built.write('c0', createOf('first'));
  const v1 = built.write('c1', updateOf(v0, 'second'));
  built.lines.pop();
  built.saw({ ...built.asked('c1', updateOf(v0, 'second')), outcome: 'unknown' });
  built.read(v1, { kind: 'read', node: 'shiny-2' });
  built.read(v0);
  expectOnly(built, { staleReads: 1 });
});
test('a no-cache read that finds nothing', () => {
  const built = begin();
  built.readNothing(1);
  expectOnly(built, { staleReads: 1 });
});
test('a no-cache read during the write may show either, and after it only the new', () => {
  const built = begin();
  const { call, return: answered } = built.lines.at(-1)!;
  built.read(built.v0, { call: call + 2, return: answered + 5 });
  built.read(built.v0, { call: answered, return: answered + 5 });
  expect(built.certificate().clean).toBe(true);
  built.read(built.v0, { call: answered + 1, return: answered + 5 });
  expectOnly(built, { staleReads: 1 });
});
test('a deleted Thing that is read again', () => {
  const built = begin();
  built.write('c2', deleteOf(built.v1));
  built.read(built.v1);
  expectOnly(built, { staleReads: 1 });
});
test('a plain read that goes back, on the same node only', () => {
  const built = begin();
  built.read(built.v1, { kind: 'read', node: 'shiny-2' });
  built.read(built.v0, { kind: 'read', node: 'shiny' });
  expect(built.certificate().clean).toBe(true);
  built.read(built.v0, { kind: 'read', node: 'shiny-2' });
  expectOnly(built, { plainReadsGoingBack: 1 });
});
test('a plain read that finds nothing after it found something', () => {
  const built = begin();
  built.read(built.v0, { kind: 'read' });
  built.readNothing(1, { kind: 'read' });
  expectOnly(built, { plainReadsGoingBack: 1 });
});
test('a read of a version that nobody had asked for yet', () => {
  const built = begin();
  const { call } = built.lines.at(-1)!;
  built.read(built.v1, { kind: 'read', call: call - 6, return: call - 1 });
  expectOnly(built, { futureReads: 1 });
});
test('a read of a version that the log does not have', () => {
  const built = begin();
  built.read({ ...built.v1, version: 2 }, { kind: 'read' });
  built.read({ ...built.v1, id: 77 });
  expectOnly(built, { unknownVersionsSeen: 2 });
});
test('a read of other content, and of the deletion', () => {
  const built = begin();
  built.read({ ...built.v1, foo: 1.25 });
  built.write('c2', deleteOf(built.v1));
  built.read({ ...built.v1, version: 2 });
  expectOnly(built, { unknownVersionsSeen: 2 });
});
test('a write that is decided against the past', () => {
  const built = begin();
  const v2 = built.write('c2', updateOf(built.v1, 'third'));
  const { call } = built.lines.at(-1)!;
  built.write('c3', updateOf(v2, 'fourth'));
  const fourth = built.lines.pop()!;
  built.lines.push({ ...fourth, call: call - 5, return: call - 1 });
  expectOnly(built, { writesOutOfOrder: 1 });
});
test('a refusal that names a past version', () => {
  const built = begin();
  built.write('c2', updateOf(built.v1, 'third'));
  const [line] = built.lines.splice(-1);
  built.writeInVain('c3', updateOf(built.v0, 'late'));
  const late = built.lines.at(-1)!;
  built.lines.push({ ...line!, call: late.return + 1, return: late.return + 2 });
  expectOnly(built, { futureReads: 1 });
});
test('a refusal that does not know what was acknowledged', () => {
  const built = begin();
  const { v1 } = built;
  const command = built.commandOf('c2', updateOf(built.v0, 'late'));
  const answer = { ...built.answerTo(command, v1.id, 'conflict'), currentVersion: 0 };
  built.decide(built.ask(command), answer, null);
  const asked = built.asked('c2', updateOf(built.v0, 'late'));
  built.saw({ ...asked, outcome: 'conflict', code: 'conflict', currentVersion: 0 });
  expectOnly(built, { writesOutOfOrder: 1 });
});
test('a refusal that names a version that never was, or the deletion', () => {
  const built = begin();
  built.write('c2', deleteOf(built.v1));
  for (const currentVersion of [2, 9]) {
    const request = updateOf(built.v0, 'late');
    const command = built.commandOf(`late-${currentVersion}`, request);
    built.decide(built.ask(command), { ...built.answerTo(command, 1, 'conflict'), currentVersion }, null);
    const asked = built.asked(`late-${currentVersion}`, request);
    built.saw({ ...asked, outcome: 'conflict', code: 'conflict', currentVersion });
  }
  expectOnly(built, { unknownVersionsSeen: 2 });
});
test('another request under the id does not make the write begin earlier', () => {
  const built = begin();
  const { call } = built.lines.at(-1)!;
  const other = built.asked('c1', updateOf(built.v0, 'another'));
  built.saw({ ...other, outcome: 'conflict', code: 'reused', call: call - 9 });
  built.saw({ ...other, outcome: 'unknown', call: call - 9 });
  expect(built.certificate().clean).toBe(true);
  built.read(built.v1, { kind: 'read', call: call - 6, return: call - 1 });
  expectOnly(built, { futureReads: 1 });
});
test('stores that differ from the log, or show what is deleted', () => {
  const built = begin();
  const row = seen(built.v1);
  const differing = (change: Parameters<Built['certificate']>[0]): number =>
    built.certificate(change).counts.unequalThings;
  expect(differing({ shiny: [] })).toBe(1);
  expect(differing({ original: [{ ...row, version: 0 }] })).toBe(1);
  expect(differing({ original: [{ ...row, name: 'x' }], shiny: [{ ...row, name: 'x' }] })).toBe(1);
  expect(differing({ shiny: [row, { ...row, id: 2 }] })).toBe(1);
  expect(differing({ shiny: [row, row] })).toBe(1);
  expect(built.certificate({ shiny: [] }).storesEqual).toBe(false);
  built.write('c2', deleteOf(built.v1));
  expect(differing({})).toBe(0);
  expect(differing({ original: [row] })).toBe(1);
});
