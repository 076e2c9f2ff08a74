/** What every implementation of FoldStore does. Run by lmdb-fold-store.unit.test.ts and memory-fold-store.unit.test.ts. */
import { describe, expect, test } from 'vitest';
import { create, decidedAfter, genesis, record, thing } from '../../test/outcome-log.ts';
import { accepted } from '../domain/answer.ts';
import { fold, linkAfter } from '../domain/fold.ts';
import type { FoldStore } from './fold-store.ts';

/** `open` gives an empty store of four partitions; the caller closes what it opened. */
export const describeFoldStore = (name: string, open: () => Promise<FoldStore>): void => {
  const foldCreate = (store: FoldStore, commandId: string, id: number, foo = 0): void =>
    store.batch(() => {
      const state = store.state(1);
      if (state.header.genesis === null) fold(state, record(genesis('shiny')));
      fold(state, decidedAfter(state, accepted(create(commandId), thing(id, 0, { foo }))));
    });
  const foldBack = (store: FoldStore): void =>
    store.batch(() => {
      const state = store.state(1);
      fold(state, record({ type: 'released', ...linkAfter(state.header), epoch: 1, commandId: 's' }));
      const link = linkAfter(state.header);
      fold(
        state,
        record({ type: 'switched', ...link, epoch: 1, offset: 9, commandId: 's', master: 'original' }),
      );
    });

  describe(`the store: ${name}`, () => {
    test('what was folded can be read, by id and in order', async () => {
      const store = await open();
      foldCreate(store, 'd', 9);
      foldCreate(store, 'c', 5);
      expect(store.thing(5)).toMatchObject({ id: 5 });
      expect([...store.thingsAfter(0)].map(({ id }) => id)).toEqual([5, 9]);
      expect([...store.thingsAfter(5)].map(({ id }) => id)).toEqual([9]);
      expect(store.state(1).answers.get('d')).toMatchObject({ decidedBy: 'shiny' });
      expect([...store.answers('c')]).toMatchObject([{ partition: 1 }]);
      await store.close();
    });
    test('lossy Things are known, and mapped when Original takes over, in the same batch', async () => {
      const store = await open();
      foldCreate(store, 'c', 5, 4.4);
      foldCreate(store, 'd', 9, 1e300);
      foldCreate(store, 'e', 13, 7);
      expect([store.state(1).lossy.size, [...store.state(1).lossy]]).toEqual([2, [5, 9]]);
      foldBack(store);
      expect([store.state(1).lossy.size, [...store.state(1).lossy]]).toEqual([0, []]);
      expect([5, 9, 13].map((id) => store.thing(id)?.foo)).toEqual([4, 2 ** 31 - 1, 7]);
      expect(store.state(1).switches.get('s')).toMatchObject({ result: 'switched', epoch: 1 });
      await store.close();
    });
    test('another table keeps what was set, in the order of its keys', async () => {
      const store = await open();
      const table = store.table<[string, number], string>('of a test');
      store.batch(() => {
        for (const [word, number] of [
          ['b', 1],
          ['a', 10],
          ['a', 2],
        ] as const)
          table.set([word, number], word + number);
      });
      expect(table.get(['a', 10])).toBe('a10');
      expect(table.get(['a', 3])).toBeUndefined();
      const values = (options: Parameters<typeof table.range>[0]) =>
        [...table.range(options)].map(({ value }) => value);
      expect(values({ limit: 9 })).toEqual(['a2', 'a10', 'b1']);
      expect(values({ limit: 1, after: ['a', 2] })).toEqual(['a10']);
      expect(values({ limit: 9, after: ['b', 1], reverse: true })).toEqual(['a10', 'a2']);
      await store.close();
    });
  });
};
