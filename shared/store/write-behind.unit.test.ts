import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { open, type RootDatabase } from 'lmdb';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silentLogger } from '../process/logger.ts';
import { systemTime } from '../process/time.ts';
import { createWriteBehind, type WriteBehind } from './write-behind.ts';

let folder: string;
let root: RootDatabase;
let behind: WriteBehind;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migration-playground-behind-'));
  root = open({ path: join(folder, 'behind.lmdb'), maxDbs: 4 });
  behind = createWriteBehind(root, () => void root.put('spoilt', true), silentLogger(), systemTime);
});
afterEach(async () => {
  await root.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a change is seen at once, and on disk after a flush', async () => {
  const table = behind.table<number, string>('t');
  behind.batch(() => table.set(1, 'a'));
  expect(table.get(1)).toBe('a');
  expect(root.openDB('t', {}).get(1)).toBeUndefined();
  await behind.flush();
  expect(root.openDB('t', {}).get(1)).toBe('a');
});

test('it goes to disk by itself', async () => {
  const table = behind.table<number, string>('t');
  behind.batch(() => table.set(1, 'a'));
  await expect.poll(() => root.openDB('t', {}).get(1)).toBe('a');
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
  await vi.waitFor(() => expect(root.get('spoilt')).toBe(true));
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
    }),
    { numRuns: 60 },
  );
});
