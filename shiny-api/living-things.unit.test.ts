import { expect, test } from 'vitest';
import type { Thing } from '../shared/domain/thing.ts';
import type { FoldStore } from '../shared/replica/fold-store.ts';
import { readLivingThings } from './living-things.ts';

const DELETED = 30_000;
const LAST = DELETED + 2;

/** Things 1 and LAST live, all between them are deleted. Counts what is looked at. */
const createStore = () => {
  const thing = (id: number, deleted: boolean) =>
    ({
      id,
      name: 'a',
      foo: 1,
      createdOn: 0,
      updatedOn: 0,
      version: 0,
      deleted,
      lossy: false,
    }) as unknown as Thing;
  const things = Array.from({ length: LAST }, (_, index) => thing(index + 1, index > 0 && index < LAST - 1));
  const looked = { total: 0, inThisTurn: 0, mostInATurn: 0 };
  const look = <T>(value: T): T => {
    if (looked.inThisTurn === 0) setImmediate(() => (looked.inThisTurn = 0));
    looked.total++;
    looked.inThisTurn++;
    looked.mostInATurn = Math.max(looked.mostInATurn, looked.inThisTurn);
    return value;
  };
  const store = {
    thing: (id: number) => look(things[id - 1]),
    *thingsAfter(after: number) {
      for (const one of things.slice(after)) yield look(one);
    },
  } as unknown as FoldStore;
  return { store, looked, set: (id: number, deleted: boolean) => (things[id - 1] = thing(id, deleted)) };
};
const idsOf = (rows: readonly { id: number }[]): number[] => rows.map(({ id }) => id);

test('a list looks at no deleted Thing, however many there are, and start at a bounded number per turn', async () => {
  const { store, looked } = createStore();
  const living = await readLivingThings(store);
  expect(looked.mostInATurn).toBeLessThanOrEqual(5_000);
  looked.total = 0;
  expect(idsOf(living.rows(0, 500))).toEqual([1, LAST]);
  expect(idsOf(living.rows(1, 500))).toEqual([LAST]);
  expect(idsOf(living.rows(0, 1))).toEqual([1]);
  expect(looked.total).toBe(4);
});

test('it follows what comes, goes and comes back in the store', async () => {
  const { store, set } = createStore();
  const living = await readLivingThings(store);
  set(500, false);
  set(1, true);
  for (const id of [1, 2, 500, LAST + 1]) living.changed(id);
  expect(idsOf(living.rows(0, 10))).toEqual([500, LAST]);
});
