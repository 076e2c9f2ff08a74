/** The two rules of order-check.ts against a search through all orders: the same verdict on random small histories. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Thing } from '../../shared/domain/thing.ts';
import { buildHistory } from './history-builder.ts';
import { createOf, deleteOf, updateOf } from './history-requests.ts';

const RUNS = { numRuns: 3000 };
const TIME_MAX = 30;

interface Operation {
  readonly call: number;
  readonly return: number;
  readonly isWrite: boolean;
  /** Made or seen; null: there was no such Thing. */
  readonly version: number | null;
}

const NOT_CREATED = -1;

/** Is there an order in which each operation sees what the ones before it left? */
const hasOrder = (operations: readonly Operation[], deletion: number): boolean => {
  const tried = new Set<string>();
  const isAlive = (version: number): boolean => version !== NOT_CREATED && version !== deletion;
  const canGoOn = (open: readonly Operation[], version: number): boolean => {
    if (open.length === 0) return true;
    const key = `${version}: ${open.map((operation) => operations.indexOf(operation)).join()}`;
    if (tried.has(key)) return false;
    tried.add(key);
    const firstReturn = Math.min(...open.map((operation) => operation.return));
    return open.some((operation) => {
      if (operation.call > firstReturn) return false;
      const rest = open.filter((other) => other !== operation);
      if (operation.isWrite) return operation.version === version + 1 && canGoOn(rest, version + 1);
      const seen = isAlive(version) ? version : null;
      return operation.version === seen && canGoOn(rest, version);
    });
  };
  return canGoOn(operations, NOT_CREATED);
};

const times = fc.record({
  call: fc.integer({ min: 0, max: TIME_MAX }),
  lasts: fc.integer({ min: 1, max: 8 }),
});
const histories = fc.record({
  /** In order of versions; mostly one after the other in time as well. */
  writes: fc.array(
    fc.record({
      after: fc.integer({ min: -3, max: 9 }),
      lasts: fc.integer({ min: 1, max: 8 }),
      isOpen: fc.integer({ min: 0, max: 5 }).map((drawn) => drawn === 0),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  endsDeleted: fc.boolean(),
  looks: fc.array(
    fc.record({
      times,
      version: fc.option(fc.nat({ max: 3 }), { freq: 4 }),
      isRefusal: fc.boolean(),
    }),
    { minLength: 1, maxLength: 5 },
  ),
});

test('the checker finds an order exactly when there is one', () => {
  let orderly = 0;
  fc.assert(
    fc.property(histories, ({ writes, endsDeleted, looks }) => {
      const built = buildHistory('shiny');
      const operations: Operation[] = [];
      const states: Thing[] = [];
      const deletion = endsDeleted && writes.length > 1 ? writes.length - 1 : Infinity;
      let call = 3;
      for (const [version, { after, lasts, isOpen }] of writes.entries()) {
        const before = states.at(-1)!;
        const request =
          version === 0
            ? createOf('0')
            : version === deletion
              ? deleteOf(before)
              : updateOf(before, `${version}`);
        call += after;
        states.push(built.write(`c${version}`, request, { call, return: call + lasts }));
        if (isOpen) {
          const { call, return: returned } = built.lines.pop()!;
          built.saw({ ...built.asked(`c${version}`, request), outcome: 'unknown', call, return: returned });
        }
        operations.push({ call, return: isOpen ? Infinity : call + lasts, isWrite: true, version });
      }
      for (const [index, { times, version, isRefusal }] of looks.entries()) {
        const seen = version === null ? null : Math.min(version, Math.min(states.length, deletion) - 1);
        const interval = { call: times.call, return: times.call + times.lasts };
        operations.push({ ...interval, isWrite: false, version: seen });
        if (isRefusal) refuse(built, `late-${index}`, seen, interval);
        else if (seen === null) built.readNothing(1, interval);
        else built.read(states[seen]!, interval);
      }
      const expected = hasOrder(operations, deletion);
      if (expected) orderly += 1;
      expect(built.certificate().clean).toBe(expected);
    }),
    RUNS,
  );
  // Else the property would say little.
  expect(orderly).toBeGreaterThan(RUNS.numRuns / 10);
  expect(orderly).toBeLessThan((RUNS.numRuns * 9) / 10);
});

type Built = ReturnType<typeof buildHistory>;
type Line = Built['lines'][number];

/** An update of a version that never was, refused for what the Thing was like. */
const refuse = (built: Built, commandId: string, version: number | null, interval: Partial<Line>): void => {
  const request = updateOf({ ...built.things.get(1)!, version: 99 }, commandId);
  const command = built.commandOf(commandId, request);
  const code = version === null ? 'absent' : 'conflict';
  const answer = { ...built.answerTo(command, 1, code), currentVersion: version };
  built.decide(built.ask(command), answer, null);
  const current = version === null ? {} : { currentVersion: version };
  built.saw({ ...built.asked(commandId, request), outcome: 'conflict', code, ...current, ...interval });
};
