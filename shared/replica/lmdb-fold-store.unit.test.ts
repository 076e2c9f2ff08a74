import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { extentOf } from '../../test/log-extent.ts';
import { acceptedCreate, decidedAfter, genesis, record, thing } from '../../test/outcome-log.ts';
import { fold } from '../domain/fold.ts';
import type { Genesis } from '../domain/outcome.ts';
import type { LogExtent } from './log-extent.ts';
import { silentLogger } from '../process/logger.ts';
import { systemTime } from '../process/time.ts';
import { describeFoldStore } from './fold-store.contract.ts';
import { COMMAND_CHECKPOINTS, type FoldStore, type StoreKey } from './fold-store.ts';
import { openFoldStore } from './lmdb-fold-store.ts';
import { looksWhole } from './lmdb-file.ts';
import { readRoot, writeRoot } from './root-values.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migration-playground-store-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const ENDS = [100, 100, 100, 100];
const openStore = (of: Genesis = genesis('shiny'), log = extentOf(ENDS, ENDS), logger = silentLogger()) =>
  openFoldStore(folder, of, log, logger, systemTime);
describeFoldStore('LMDB fold store', () => openStore());

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
  const store = await openStore();
  fill(store);
  await store.close();
};

test('what was folded is there after a restart, with its offset', async () => {
  const store = await openStore();
  fill(store);
  const { header } = store.state(1);
  await store.close();
  const again = await openStore();
  expect(again.state(1).header).toEqual(header);
  expect(again.nextOffset(1)).toBe(2);
  expect(again.thing(5)).toEqual(thing(5));
  expect([...again.thingsAfter(0)]).toEqual([thing(5)]);
  expect(again.state(1).answers.get('c')).toMatchObject({ decidedBy: 'shiny' });
  expect([...again.answers('c')]).toMatchObject([{ partition: 1 }]);
  await again.close();
});

test('a batch that throws leaves nothing behind, in memory and on disk', async () => {
  const store = await openStore();
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
  const expectEmpty = async (reason: RegExp, of?: Genesis, log?: LogExtent): Promise<void> => {
    const said: string[] = [];
    const logger = pino(
      {},
      { write: (line: string) => void said.push((JSON.parse(line) as { reason: string }).reason) },
    );
    const store = await openStore(of, log, logger);
    expect([store.nextOffset(1), store.thing(5)]).toEqual([0, undefined]);
    expect(said).toEqual([expect.stringMatching(reason)]);
    fill(store);
    expect(store.thing(5)).toEqual(thing(5));
    await store.close();
  };
  test('when it belongs to another log', async () => {
    await filled();
    await expectEmpty(/of the log with genesis g/, { ...genesis('shiny'), id: 'another' });
  });
  test('when it is further than the log', async () => {
    await filled();
    await expectEmpty(/outcomes\/1 ends at 1, the store is at 2/, undefined, extentOf([1, 1, 1, 1]));
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
      await expectEmpty(/damaged/);
    }
  });
  test('when a process died while it opened it', async () => {
    await filled();
    writeFileSync(join(folder, 'opening'), '');
    await expectEmpty(/did not survive/);
  });
  test('when it is of a release with other records, or another layout', async () => {
    await filled();
    const root = open<Buffer, StoreKey>({ path: file(), maxDbs: 12, encoding: 'binary' });
    writeRoot(root, 'meta', { ...(readRoot(root, 'meta') as object), layout: 'of other schemas' });
    await root.close();
    await expectEmpty(/of another release/);
  });
  test('when it was read from topics that were deleted and created again', async () => {
    await filled();
    const others = extentOf(ENDS, ENDS, 'second');
    const { outcomes, commands } = extentOf(ENDS, ENDS);
    await expectEmpty(/outcomes that is gone: its id was outcomes-first/, undefined, {
      outcomes: others.outcomes,
      commands,
    });
    await filled();
    await expectEmpty(/commands that is gone: its id was commands-first/, undefined, {
      outcomes,
      commands: others.commands,
    });
  });
  test('when it is before the beginning of the log, in outcomes or commands, or further than the commands', async () => {
    const { outcomes, commands } = extentOf(ENDS, ENDS);
    await filled();
    const late = { outcomes: { ...outcomes, begins: [3, 3, 3, 3] }, commands };
    await expectEmpty(/before the log: outcomes\/1 begins at 3, the store is at 2/, undefined, late);
    for (const [next, change, reason] of [
      [3, { begins: [0, 4, 0, 0] }, /before the log: commands\/1 begins at 4, the store is at 3/],
      [7, { ends: [0, 6, 0, 0] }, /further than the log: commands\/1 ends at 6, the store is at 7/],
    ] as const) {
      const store = await openStore();
      fill(store);
      store.batch(() => store.table<number, number>(COMMAND_CHECKPOINTS).set(1, next));
      await store.close();
      await expectEmpty(reason, undefined, { outcomes, commands: { ...commands, ...change } });
    }
  });
});

test('a copy of a whole file is whole', async () => {
  await filled();
  copyFileSync(file(), `${file()}.copy`);
  expect(looksWhole(`${file()}.copy`)).toBe(true);
});

test('a store that has seen nothing but clean ends, or long lives, is kept', async () => {
  await filled();
  const mark = { bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(), pid: 1, since: 0 };
  for (const before of [
    { ...mark, uncleanEnds: 0, isOld: false },
    { ...mark, uncleanEnds: 5, isOld: true },
    { ...mark, uncleanEnds: 5, isOld: false, bootId: 'before the machine started anew' },
  ]) {
    writeFileSync(join(folder, 'open'), JSON.stringify(before));
    const store = await openStore();
    expect(store.thing(5)).toEqual(thing(5));
    await store.close();
  }
});
