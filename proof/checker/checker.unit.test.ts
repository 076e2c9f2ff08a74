import { describe, expect, test } from 'vitest';
import { certificateText } from './certificate.ts';
import { createChecker } from './checker.ts';
import { buildHistory } from './history-builder.ts';
import { createOf, deleteOf, seen, updateOf } from './history-requests.ts';

/** All that a history without faults can hold, through both masters. */
const longHistory = () => {
  const built = buildHistory();
  const { write, writeDirectly, writeInVain, switchTo } = built;
  built.readNothing(1);
  const chair0 = write('c0', createOf('chair', 4.4));
  built.read(chair0);
  const chair1 = writeDirectly('c1', updateOf(chair0, 'chair', 5));
  built.read(chair1, { kind: 'read' });
  built.mark('m0');
  writeInVain('c2', updateOf(chair0, 'late'));
  switchTo('shiny', 'refused');
  switchTo('shiny');
  switchTo('shiny', 'skipped');
  const chair2 = write('c3', updateOf(chair1, 'chair', 2.5));
  built.read({ ...chair2, foo: 3 }, { api: 'original', node: 'original', kind: 'read' });
  const table0 = write('t0', createOf('table', 3e9));
  const shelf0 = write('s0', createOf('shelf', 1.5));
  const shelf1 = write('s1', deleteOf(shelf0));
  built.readNothing(shelf0.id);
  writeInVain('s2', deleteOf(shelf1));
  switchTo('original');
  built.read({ ...table0, foo: 2147483647 });
  const chair3 = writeDirectly('c4', updateOf(built.things.get(chair0.id)!, 'chair', 7));
  // Original has two more versions before the log: the higher one comes first.
  const chair4 = built.stateOf(updateOf(chair3, 'by feed', 8));
  const entry = built.publish({
    state: chair4,
    answer: built.answerTo(built.commandOf('c5', updateOf(chair3, 'by feed', 8)), 1),
  });
  built.sawAccepted('c5', updateOf(chair3, 'by feed', 8), chair4, { api: 'original', node: 'original' });
  const chair5 = write('c6', updateOf(chair4, 'by proxy', 9));
  built.observe(entry);
  built.read(chair5);
  switchTo('shiny', 'skipped');
  switchTo('shiny', 'refused');
  switchTo('shiny');
  return built;
};

describe('a history without faults', () => {
  test('is clean, with switches both ways', () => {
    const certificate = longHistory().certificate();
    expect(certificate.violations).toEqual([]);
    expect(certificate).toMatchObject({
      clean: true,
      storesEqual: true,
      operations: 18,
      tries: 18,
      versions: 9,
      partitions: 1,
      switches: {
        shiny: { switched: 2, refused: 2, skipped: 2 },
        original: { switched: 1, refused: 0, skipped: 0 },
      },
    });
  });
  test('does not count the switches before it', () => {
    const built = longHistory();
    const end = built.records.at(-1)!.timestamp;
    const none = { switched: 0, refused: 0, skipped: 0 };
    const { switches, clean } = built.certificate({ historyBeganOn: end + 1 });
    expect([switches, clean]).toEqual([{ shiny: none, original: none }, true]);
  });
  test('is clean when it ends under Original with what was lossy before', () => {
    const built = buildHistory('shiny');
    const thing = built.write('c0', createOf('chair', 4.4));
    built.switchTo('original');
    expect(built.certificate().clean).toBe(true);
    const rows = [seen({ ...thing, foo: 4.4 })];
    expect(built.certificate({ shiny: rows }).counts.unequalThings).toBe(1);
  });
  test('may repeat a command, through either API, with the old answer', () => {
    const built = buildHistory();
    const request = createOf('chair', 4.4);
    const command = built.commandOf('c0', request);
    const state = built.stateOf(request);
    const answer = built.answerTo(command, state.id);
    built.saw({ ...built.asked('c0', request), outcome: 'unknown' });
    built.saw({ ...built.asked('c0', request), outcome: 'refused', status: 503 });
    const entry = built.publish({ state, answer });
    built.decide(built.ask(command), answer, state);
    built.observe(entry);
    built.sawAccepted('c0', request, state);
    built.write('c1', updateOf(state, 'table'));
    built.switchTo('shiny');
    built.decide(built.ask(command), answer, state);
    built.sawAccepted('c0', request, state);
    built.observe(built.publish({ state, answer }));
    const other = built.commandOf('c0', createOf('other'));
    built.decide(built.ask(other), built.answerTo(other, null, 'reused'), null);
    built.saw({ ...built.asked('c0', createOf('other')), outcome: 'conflict', code: 'reused', status: 422 });
    expect(built.certificate().violations).toEqual([]);
  });
  test('may bring a repeat, of a later epoch, before the entry of the feed that it repeats', () => {
    const built = buildHistory();
    const v0 = built.write('c0', createOf('chair'));
    const requests = { c1: updateOf(v0, 'one'), c2: updateOf({ ...v0, version: 1 }, 'two') };
    const entries = Object.entries(requests).map(([commandId, request]) => {
      const state = built.stateOf(request);
      const answer = built.answerTo(built.commandOf(commandId, request), 1);
      built.sawAccepted(commandId, request, state, { api: 'original', node: 'original' });
      return { offset: built.publish({ state, answer }), state, answer };
    });
    built.switchTo('shiny', 'refused');
    const { answer, state } = entries[0]!;
    built.decide(built.ask(built.commandOf('c1', requests.c1)), answer, state);
    for (const { offset } of entries) built.observe(offset);
    expect(built.certificate().violations).toEqual([]);
  });
  test('may leave open whether a write took effect', () => {
    const built = buildHistory('shiny');
    const thing = built.write('c0', createOf('chair'));
    const request = updateOf(thing, 'taken');
    built.saw({ ...built.asked('never', updateOf(thing, 'not taken')), outcome: 'unknown' });
    const open = built.saw({ ...built.asked('c1', request), outcome: 'unknown' });
    built.read(thing);
    built.write('c1', request);
    built.lines.pop();
    built.read(built.things.get(thing.id)!);
    expect(open.outcome).toBe('unknown');
    expect(built.certificate().violations).toEqual([]);
  });
  test('may be incomplete: then direct writes of others are fine, and commands in the log always', () => {
    const built = buildHistory();
    built.write('c0', createOf('of a command'));
    built.writeDirectly('c1', createOf('directly'));
    built.lines.length = 0;
    expect(built.certificate({ historyIsComplete: false }).violations).toEqual([]);
    expect(built.certificate().counts).toMatchObject({ ghostWrites: 1 });
  });
  test('counts what fits and ignores what does not', () => {
    const built = buildHistory('shiny');
    const digest = built.digest();
    const thing = built.write('c0', createOf('chair'));
    const stale = { ...thing, name: 'of a stale updater' };
    const answer = built.answerTo(built.commandOf('c0', createOf('chair')), thing.id);
    const link = { previousOffset: -1, previousDigest: digest, epoch: 0 };
    built.append('outcomes', { type: 'decided', ...link, offset: 0, answer, state: stale, feature: null });
    expect(built.certificate().violations).toEqual([]);
  });
});

describe('the checker', () => {
  test('needs records in order, and to know what a line is about', () => {
    const built = buildHistory();
    const checker = createChecker({ historyIsComplete: true });
    checker.record(built.records[0]!);
    expect(() => checker.record(built.records[0]!)).toThrow(RangeError);
    const { thingId: _, ...line } = built.readNothing(1);
    expect(() => checker.operation(line)).toThrow(TypeError);
    expect(() => checker.operation({ ...line, kind: 'create' })).toThrow(TypeError);
  });
  test('keeps the first ten of a kind and counts all; the text shows both', () => {
    const built = buildHistory('shiny');
    for (let at = 0; at < 12; at += 1) built.ask(built.commandOf(`c${at}`, createOf('undecided')));
    const certificate = built.certificate();
    expect(certificate.counts.undecidedCommands).toBe(12);
    expect(certificate.violations).toHaveLength(10);
    expect(certificateText(certificate)).toMatch(/commands without a decision +12\n/);
    expect(certificateText(certificate)).toContain('NOT CLEAN');
    expect(certificateText(certificate)).toContain('commands 0@3 {"commandId":"c3"');
    expect(certificateText(longHistory().certificate())).toContain('Clean: no violation.');
  });
});
