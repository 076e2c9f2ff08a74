import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { open, type RootDatabase } from 'lmdb';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silentLogger } from '../process/logger.ts';
import { systemTime } from '../process/time.ts';
import { openTable } from './behind-table.ts';
import { valueCodec } from './checked-values.ts';
import type { StoreKey } from './fold-store.ts';
import { readRoot, writeRoot } from './root-values.ts';
import { storeFault } from './store-check.ts';
import { StoreDamagedError } from './store-damage.ts';
import { createWriteBehind, type WriteBehind } from './write-behind.ts';

let folder: string;
let root: RootDatabase<Buffer, StoreKey>;
let behind: WriteBehind;
/** Damage that was noted. */
const found: string[] = [];
const onDisk = (key: number): unknown => {
  const bytes = openTable(root, 't').get(key);
  return bytes === undefined ? undefined : valueCodec('t').decode(key, bytes)?.value;
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migration-playground-behind-'));
  root = open({ path: join(folder, 'behind.lmdb'), maxDbs: 4, encoding: 'binary' });
  const spoilers = {
    halfWritten: () => writeRoot(root, 'spoilt', true),
    damaged: (what: string) => void found.push(what),
    refused: ({ message }: Error) => message,
  };
  // As store-file.ts begins a store.
  writeRoot(root, 'sums', {});
  found.length = 0;
  behind = createWriteBehind(root, new Map(), spoilers, silentLogger(), systemTime);
});
afterEach(async () => {
  await root.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a change is seen at once, and on disk after a flush', async () => {
  const table = behind.table<number, string>('t');
  behind.batch(() => table.set(1, 'a'));
  expect(table.get(1)).toBe('a');
  expect(onDisk(1)).toBeUndefined();
  await behind.flush();
  expect(onDisk(1)).toBe('a');
});

test('it goes to disk by itself', async () => {
  const table = behind.table<number, string>('t');
  behind.batch(() => table.set(1, 'a'));
  await expect.poll(() => onDisk(1)).toBe('a');
});

test('a batch that throws is taken back, also what it changed twice, or changed back', async () => {
  const table = behind.table<number, string>('t');
  behind.batch(() => table.set(1, 'a'));
  expect(() =>
    behind.batch(() => {
      table.set(1, 'b');
      table.delete(1);
      table.set(2, 'c');
      throw new Error('in the middle');
    }),
  ).toThrow('in the middle');
  expect([...table.entries({})]).toEqual([{ key: 1, value: 'a' }]);
  await behind.flush();
  expect([...table.entries({})]).toEqual([{ key: 1, value: 'a' }]);
});

test('a disk that does not take it is said, and no more is taken', async () => {
  const table = behind.table<number, unknown>('t');
  behind.batch(() => table.set(1, Symbol('has no bytes')));
  await expect(behind.flush()).rejects.toThrow(/local store cannot be written/);
  expect(() => behind.batch(() => undefined)).toThrow(/local store cannot be written/);
  // In the transaction that LMDB commits half.
  await vi.waitFor(() => expect(readRoot(root, 'spoilt')).toBe(true));
});

test('reads are those of a sorted map, whatever is on disk, on its way there, or waiting', async () => {
  const key = fc.integer({ min: 0, max: 12 });
  const step = fc.oneof(
    fc.record({ do: fc.constant('set' as const), key, value: fc.integer() }),
    fc.record({ do: fc.constant('delete' as const), key }),
    fc.record({ do: fc.constantFrom('flush' as const, 'begin a flush' as const) }),
    fc.record({
      do: fc.constant('read' as const),
      start: fc.option(key, { nil: undefined }),
      end: fc.option(key, { nil: undefined }),
      afterStart: fc.boolean(),
      reverse: fc.boolean(),
    }),
  );
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      run++;
      const table = behind.table<[number, number], number>('t');
      const expected = new Map<number, number>();
      for (const one of steps) {
        if (one.do === 'set') behind.batch(() => table.set([run, one.key], one.value));
        if (one.do === 'delete') behind.batch(() => table.delete([run, one.key]));
        if (one.do === 'set') expected.set(one.key, one.value);
        if (one.do === 'delete') expected.delete(one.key);
        if (one.do === 'flush') await behind.flush();
        if (one.do === 'begin a flush') behind.flush().catch(() => undefined);
        if (one.do !== 'read') continue;
        const { start = one.reverse ? 99 : 0, end = one.reverse ? -1 : 99, afterStart, reverse } = one;
        const found = [...table.entries({ start: [run, start], end: [run, end], afterStart, reverse })];
        const sign = reverse ? -1 : 1;
        const wanted = [...expected]
          .filter(([at]) => sign * (at - start) >= (afterStart ? 1 : 0) && sign * (at - end) < 0)
          .toSorted(([a], [b]) => sign * (a - b));
        expect(found.map(({ key: [, at], value }) => [at, value])).toEqual(wanted);
        for (const at of [0, 5, 12]) expect(table.get([run, at])).toBe(expected.get(at));
      }
      await behind.flush();
      // The sums that went with each transaction are those of what is there.
      expect(storeFault(root)).toBeUndefined();
      expect(table.size()).toBe([...table.entries({})].length);
    }),
    { numRuns: 60 },
  );
});

test('what a commit adds, changes and deletes is no damage to who reads meanwhile, whatever the keys', async () => {
  const numbers = behind.table<number, number>('t');
  const pairs = behind.table<[number, number], number>('pairs');
  const triples = behind.table<[number, number, number], number>('triples');
  const KEYS = 40;
  for (let turn = 0; turn < 200; turn++) {
    const at = turn % KEYS;
    const gone = (at + 7) % KEYS;
    behind.batch(() => {
      numbers.set(at, turn);
      pairs.set([at % 3, at], turn);
      triples.set([at % 3, at, turn], turn);
      numbers.delete(gone);
      pairs.delete([gone % 3, gone]);
      triples.delete([at % 3, at, turn - KEYS]);
    });
    behind.flush().catch(() => undefined);
    for (const table of [numbers, pairs, triples]) expect([...table.entries({})].length).toBe(table.size());
    expect([numbers.get(at), pairs.get([gone % 3, gone])]).toEqual([turn, undefined]);
    expect(triples.get([at % 3, at, turn])).toBe(turn);
    await new Promise(setImmediate);
  }
  await behind.flush();
  expect(found).toEqual([]);
  expect(storeFault(root)).toBeUndefined();
});

/** Puts something else on disk than what was written. */
const overwrite = (key: number, value: Buffer | undefined): void =>
  root.transactionSync(
    () =>
      void (value === undefined ? openTable(root, 't').remove(key) : openTable(root, 't').put(key, value)),
  );

test.each([
  ['a value that was changed', () => overwrite(1, Buffer.from('0123456789'))],
  ["another key's value", () => overwrite(1, openTable(root, 't').get(2))],
  ["another table's value", () => overwrite(1, valueCodec('u').encode(1, 'a'))],
  ['an empty value', () => overwrite(1, Buffer.alloc(0))],
])('%s is never read: an error, also for what is read after it, and for who waits', async (_, damage) => {
  const table = behind.table<number, string>('t');
  behind.batch(() => [1, 2, 3].forEach((key) => table.set(key, `v${key}`)));
  await behind.flush();
  damage();
  expect(() => table.get(1)).toThrow(StoreDamagedError);
  expect(() => table.get(2)).toThrow(StoreDamagedError);
  expect(() => [...table.entries({ start: 2 })]).toThrow(StoreDamagedError);
  expect(() => behind.batch(() => undefined)).toThrow(StoreDamagedError);
  await expect(behind.failed).rejects.toThrow(/rebuilds it from the log/);
  expect(found).toEqual(['the table t, the value of 1']);
  expect(storeFault(root)).toBe('damaged (the table t: the value of 1)');
});

test('an entry that is missing, one that is too many, and an older one are found by the sums', async () => {
  const table = behind.table<number, string>('t');
  behind.batch(() => [1, 2, 3].forEach((key) => table.set(key, `v${key}`)));
  await behind.flush();
  const older = Buffer.from(openTable(root, 't').get(2)!);
  behind.batch(() => table.set(2, 'newer'));
  await behind.flush();
  expect(storeFault(root)).toBeUndefined();
  const newer = Buffer.from(openTable(root, 't').get(2)!);
  overwrite(2, older);
  expect(storeFault(root)).toBe('damaged (the table t: an older state of some entries)');
  overwrite(2, undefined);
  expect(storeFault(root)).toBe('damaged (the table t: 2 entries of 3)');
  overwrite(2, newer);
  expect(storeFault(root)).toBeUndefined();
  overwrite(4, valueCodec('t').encode(4, 'v4'));
  expect(storeFault(root)).toBe('damaged (the table t: 4 entries of 3)');
});
