/** The fold's state in memory, for tests and the simulator. A batch that throws is not undone: whoever folds ends then. */
import type { StoredAnswer } from '../domain/answer.ts';
import { emptyState } from '../domain/partition-state.ts';
import { partitionOfThing } from '../domain/partition.ts';
import type { Thing } from '../domain/thing.ts';
import type { FoldStore, StoreKey, StoreTable } from './fold-store.ts';
import { compareKeys, mapKeyOf } from './store-keys.ts';

export const createMemoryFoldStore = (partitions: number): FoldStore => {
  const states = Array.from({ length: partitions }, (_, partition) => ({
    ...emptyState(partition),
    things: new Map<number, Thing>(),
    answers: new Map<string, StoredAnswer>(),
  }));
  const nexts = states.map(() => 0);
  const tables = new Map<string, unknown>();

  return {
    state: (partition) => states[partition]!,
    nextOffset: (partition) => nexts[partition]!,
    setNextOffset: (partition, next) => {
      nexts[partition] = next;
    },
    batch: (work) => work(),
    drained: async () => undefined,
    thing: (id) => states[partitionOfThing(id, partitions)]!.things.get(id),
    *thingsAfter(after) {
      const found = states.flatMap(({ things }) => [...things.values()].filter(({ id }) => id > after));
      yield* found.toSorted((a, b) => a.id - b.id);
    },
    *answers(commandId) {
      for (const [partition, { answers }] of states.entries()) {
        const answer = answers.get(commandId);
        if (answer !== undefined) yield { partition, answer };
      }
    },
    table: <K extends StoreKey, V>(name: string) => {
      const known = tables.get(name) ?? memoryTable<K, V>();
      tables.set(name, known);
      return known as StoreTable<K, V>;
    },
    close: async () => undefined,
  };
};

const memoryTable = <K extends StoreKey, V>(): StoreTable<K, V> => {
  const entries = new Map<string | number, { key: K; value: V }>();
  return {
    get: (key) => entries.get(mapKeyOf(key))?.value,
    set: (key, value) => void entries.set(mapKeyOf(key), { key, value }),
    range: ({ after, reverse = false, limit }) => {
      const sign = reverse ? -1 : 1;
      const sorted = [...entries.values()].toSorted((a, b) => sign * compareKeys(a.key, b.key));
      const rest =
        after === undefined ? sorted : sorted.filter(({ key }) => sign * compareKeys(key, after) > 0);
      return rest.slice(0, limit);
    },
  };
};
