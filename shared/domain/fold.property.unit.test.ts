/** Properties of the fold over random logs: of commands, direct writes, duplicates, stale twins and disorder. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  create,
  decidedAfter,
  mustCount,
  observedAfter,
  record,
  remove,
  stateAfterGenesis,
  thing,
  update,
  genesis,
} from '../../test/outcome-log.ts';
import { accepted } from './answer.ts';
import type { ThingCommand } from './command.ts';
import { decide, decideStateOf } from './decide.ts';
import { fold } from './fold.ts';
import { emptyState, type PartitionState } from './partition-state.ts';
import type { OutcomeRecord } from './outcome.ts';
import type { Api, Thing } from './thing.ts';

const RUNS = { numRuns: 300 };

const ids = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const thingIds = fc.constantFrom(1, 5, 9);
const versions = fc.integer({ min: 0, max: 3 });
const command: fc.Arbitrary<ThingCommand> = fc.oneof(
  fc.tuple(ids, fc.string()).map(([id, name]) => create(id, name)),
  fc.tuple(ids, thingIds, versions).map(([id, thingId, version]) => update(id, thingId, version)),
  fc.tuple(ids, thingIds, versions).map(([id, thingId, version]) => remove(id, thingId, version)),
);
const step = fc.oneof(
  { weight: 3, arbitrary: command.map((decided) => ({ decided })) },
  {
    weight: 1,
    arbitrary: fc.tuple(thingIds, versions).map(([id, version]) => ({ direct: thing(id, version) })),
  },
);
type Step = { decided: ThingCommand } | { direct: Thing };

/** The log that one updater writes for these steps, and the state behind it. */
const written = (
  master: Api,
  steps: readonly Step[],
): { records: OutcomeRecord[]; state: PartitionState } => {
  const state = stateAfterGenesis(master);
  const records = [record(genesis(master))];
  for (const one of steps) {
    const next =
      'decided' in one
        ? decidedAfter(state, decide(decideStateOf(state), one.decided))
        : observedAfter(state, { decision: accepted(create(`direct-${one.direct.id}`), one.direct) });
    if (fold(state, next) !== undefined) records.push(next);
  }
  return { records, state };
};
const folded = (records: readonly OutcomeRecord[], from: PartitionState = emptyState(1)): PartitionState => {
  for (const one of records) fold(from, one);
  return from;
};
const content = ({ header, things, answers }: PartitionState) => ({ header, things, answers });
const masters = fc.constantFrom<Api>('original', 'shiny');

test('a log folded in two halves, with a store between, equals one fold', () => {
  fc.assert(
    fc.property(masters, fc.array(step), fc.nat(), (master, steps, cut) => {
      const { records, state } = written(master, steps);
      const at = cut % (records.length + 1);
      const stored = structuredClone(content(folded(records.slice(0, at)))) as PartitionState;
      expect(content(folded(records.slice(at), stored))).toEqual(content(state));
    }),
    RUNS,
  );
});

test('duplicated and late records never change the result', () => {
  fc.assert(
    fc.property(masters, fc.array(step), fc.array(fc.tuple(fc.nat(), fc.nat())), (master, steps, copies) => {
      const { records, state } = written(master, steps);
      const disturbed = [...records];
      for (const [from, to] of copies) {
        const original = from % records.length;
        // Somewhere behind its first appearance: a duplicate, or a late arrival of an old record.
        const first = disturbed.indexOf(records[original]!);
        disturbed.splice(first + 1 + (to % (disturbed.length - first)), 0, records[original]!);
      }
      expect(content(folded(disturbed))).toEqual(content(state));
    }),
    RUNS,
  );
});

test('records of a stale twin, who decides otherwise from an older state, never change the result', () => {
  fc.assert(
    fc.property(
      masters,
      fc.array(step, { minLength: 1 }),
      fc.nat(),
      fc.array(step, { minLength: 1 }),
      (master, steps, cut, other) => {
        const { records, state } = written(master, steps);
        const at = 1 + (cut % records.length);
        const twin = structuredClone(content(folded(records.slice(0, at)))) as PartitionState;
        const stale: OutcomeRecord[] = [];
        for (const one of other) {
          if (!('decided' in one)) continue;
          const next = decidedAfter(twin, decide(decideStateOf(twin), one.decided));
          mustCount(twin, next);
          stale.push(next);
        }
        // The twin wakes when everything of the living one is in the log; it parted from it with its first decision.
        const living = records.slice(at).find(({ outcome }) => outcome.type === 'decided');
        fc.pre(
          living !== undefined &&
            stale[0] !== undefined &&
            Buffer.compare(living.bytes, stale[0].bytes) !== 0,
        );
        expect(content(folded([...records, ...stale]))).toEqual(content(state));
      },
    ),
    RUNS,
  );
});

test('records in any order: whatever counts, versions of a Thing never go back, and each offset is decided once', () => {
  fc.assert(
    fc.property(masters, fc.array(step), fc.infiniteStream(fc.nat()), (master, steps, random) => {
      const { records } = written(master, steps);
      const shuffled = [...records];
      for (let i = shuffled.length - 1; i > 1; i--) {
        const j = 1 + (random.next().value % i);
        [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
      }
      const state = emptyState(1);
      const decided: number[] = [];
      const known = new Map<number, number>();
      for (const one of [...shuffled, ...shuffled]) {
        const counted = fold(state, one);
        if (counted !== undefined && one.outcome.type === 'decided') decided.push(one.outcome.offset);
        for (const [id, { version }] of state.things as Map<number, Thing>) {
          expect(version).toBeGreaterThanOrEqual(known.get(id) ?? 0);
          known.set(id, version);
        }
      }
      expect(decided).toEqual(decided.map((_, index) => index));
    }),
    RUNS,
  );
});

test('two updaters that decide the same commands write the same bytes', () => {
  fc.assert(
    fc.property(masters, fc.array(step), (master, steps) => {
      const bytes = (): string[] =>
        written(master, steps).records.map((one) => Buffer.from(one.bytes).toString());
      expect(bytes()).toEqual(bytes());
    }),
    RUNS,
  );
});
