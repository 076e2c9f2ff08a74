import { copyFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { acceptedCreate, decidedAfter, genesis, record, thing } from '../../test/outcome-log.ts';
import { fold } from '../domain/fold.ts';
import type { Genesis } from '../domain/outcome.ts';
import { silentLogger } from '../process/logger.ts';
import { systemTime } from '../process/time.ts';
import { describeFoldStore } from './fold-store.contract.ts';
import type { FoldStore } from './fold-store.ts';
import { openFoldStore } from './lmdb-fold-store.ts';
import { looksWhole } from './lmdb-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migration-playground-store-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const ENDS = [100, 100, 100, 100];
const open = (of: Genesis = genesis('shiny'), ends = ENDS): Promise<FoldStore> =>
  openFoldStore(folder, of, ends, silentLogger(), systemTime);
describeFoldStore('LMDB fold store', () => open());

const file = (): string => join(folder, 'fold.lmdb');

/** Folds a genesis and a create into partition 1. */
const fill = (store: FoldStore): void =>
  store.batch(() => {
    const state = store.state(1);
    fold(state, record(genesis('shiny')));
    fold(state, decidedAfter(state, acceptedCreate('c', 5)));
    store.setNextOffset(1, 2);
  });
const filled = async (): Promise<void> => {
  const store = await open();
  fill(store);
  await store.close();
};

test('what was folded is there after a restart, with its offset', async () => {
  const store = await open();
  fill(store);
  const { header } = store.state(1);
  await store.close();
  const again = await open();
  expect(again.state(1).header).toEqual(header);
  expect(again.nextOffset(1)).toBe(2);
  expect(again.thing(5)).toEqual(thing(5));
  expect([...again.thingsAfter(0)]).toEqual([thing(5)]);
  expect(again.state(1).answers.get('c')).toMatchObject({ decidedBy: 'shiny' });
  expect([...again.answers('c')]).toMatchObject([{ partition: 1 }]);
  await again.close();
});

test('a batch that throws leaves nothing behind, in memory and on disk', async () => {
  const store = await open();
  fill(store);
  const before = store.state(1).header;
  expect(() =>
    store.batch(() => {
      const state = store.state(1);
      fold(state, decidedAfter(state, acceptedCreate('d', 9)));
      store.setNextOffset(1, 3);
      throw new Error('in the middle');
    }),
  ).toThrow('in the middle');
  expect([store.state(1).header, store.nextOffset(1), store.thing(9)]).toEqual([before, 2, undefined]);
  await store.close();
});

describe('is thrown away and built anew', () => {
  const expectEmpty = async (of?: Genesis, ends?: number[]): Promise<void> => {
    const store = await open(of, ends);
    expect([store.nextOffset(1), store.thing(5)]).toEqual([0, undefined]);
    fill(store);
    expect(store.thing(5)).toEqual(thing(5));
    await store.close();
  };
  test('when it belongs to another log', async () => {
    await filled();
    await expectEmpty({ ...genesis('shiny'), id: 'another' });
  });
  test('when it is further than the log', async () => {
    await filled();
    await expectEmpty(undefined, [1, 1, 1, 1]);
  });
  test('when its file is garbage, cut, or empty', async () => {
    await filled();
    for (const damage of [
      () => writeFileSync(file(), Buffer.alloc(65_536, 7)),
      () => truncateSync(file(), 8_192),
      () => truncateSync(file(), 0),
    ]) {
      damage();
      expect(looksWhole(file())).toBe(false);
      await expectEmpty();
    }
  });
  test('when a process died while it opened it', async () => {
    await filled();
    writeFileSync(join(folder, 'opening'), '');
    await expectEmpty();
  });
});

test('a copy of a whole file is whole', async () => {
  await filled();
  copyFileSync(file(), `${file()}.copy`);
  expect(looksWhole(`${file()}.copy`)).toBe(true);
});

test('a folder in use by another process is refused, one left behind by a dead process is not', async () => {
  writeFileSync(join(folder, 'used-by.pid'), '1\n');
  await expect(open()).rejects.toThrow(/in use by process 1/);
  writeFileSync(join(folder, 'used-by.pid'), '4194999\n');
  await (await open()).close();
});
