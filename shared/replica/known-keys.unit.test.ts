import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StoreKey } from './fold-store.ts';
import { createKeySet } from './key-set.ts';
import { createKnownKeys, gapFinder } from './known-keys.ts';
import { compareKeys, mapKeyOf } from './store-keys.ts';

const number = fc.oneof(fc.nat(150), fc.constantFrom(2 ** 32, 2 ** 32 + 1, 2 ** 45));
const keyOf: Record<string, fc.Arbitrary<StoreKey>> = {
  numbers: number,
  'pairs of numbers': fc.tuple(fc.nat(2), number).map((pair) => [...pair]),
};
const step = (key: fc.Arbitrary<StoreKey>) =>
  fc.record({ key, checksum: fc.nat(3), isDeleted: fc.boolean() });

describe.each(Object.entries(keyOf))('%s', (_, key) => {
  test('are known with their newest checksum', () => {
    fc.assert(
      fc.property(fc.array(step(key), { maxLength: 60 }), key, (steps, other) => {
        const known = createKnownKeys();
        const expected = new Map<string | number, number>();
        for (const { key: one, checksum, isDeleted } of steps) {
          if (isDeleted) known.delete(one);
          else known.add(one, checksum);
          if (isDeleted) expected.delete(mapKeyOf(one));
          else expected.set(mapKeyOf(one), checksum);
        }
        for (const one of [other, ...steps.map((each) => each.key)]) {
          const newest = expected.get(mapKeyOf(one));
          expect(known.has(one)).toBe(newest !== undefined);
          if (newest === undefined) continue;
          expect(known.isNewest(one, newest)).toBe(true);
          expect(known.isNewest(one, newest + 2)).toBe(false);
        }
      }),
    );
  });

  test('that are missing in a range are found, whatever the range, and only they', () => {
    const uniqueKeys = fc.uniqueArray(key, { maxLength: 30, selector: mapKeyOf });
    const range = fc.record({
      start: fc.option(key, { nil: undefined }),
      end: fc.option(key, { nil: undefined }),
      afterStart: fc.boolean(),
      reverse: fc.boolean(),
    });
    fc.assert(
      fc.property(
        uniqueKeys,
        range,
        fc.nat(),
        fc.nat(30),
        (keys, { start, end, ...kind }, lost, readUpTo) => {
          const { afterStart, reverse } = kind;
          const sign = reverse ? -1 : 1;
          const known = createKnownKeys();
          for (const one of keys) known.add(one, 1);
          const within = keys
            .filter((one) => {
              const fromStart = start === undefined ? 1 : sign * compareKeys(one, start);
              return (
                (afterStart ? fromStart > 0 : fromStart >= 0) &&
                (end === undefined || sign * compareKeys(one, end) < 0)
              );
            })
            .toSorted((a, b) => sign * compareKeys(a, b));
          const read = (found: readonly StoreKey[]): boolean => {
            const isGap = gapFinder(known, {
              ...kind,
              ...(start === undefined ? {} : { start }),
              ...(end === undefined ? {} : { end }),
            });
            return [...found, undefined].map(isGap).some(Boolean);
          };
          expect(read(within)).toBe(false);
          // A reader that stops before the end sees no gap either, as it does not tell the end.
          const isGap = gapFinder(known, { ...kind, ...(start === undefined ? {} : { start }) });
          if (end === undefined) expect(within.slice(0, readUpTo).map(isGap).some(Boolean)).toBe(false);
          if (within.length > 0) expect(read(within.toSpliced(lost % within.length, 1))).toBe(true);
        },
      ),
    );
  });
});

test('texts are known among many, and no longer when deleted', () => {
  const set = createKeySet();
  const textOf = (number: number): string => `text-${number}`;
  for (let number = 0; number < 20_000; number++) set.add(textOf(number));
  for (let number = 0; number < 20_000; number += 3) set.delete(textOf(number));
  for (let number = 20_000; number < 30_000; number++) set.add(textOf(number));
  for (let number = 0; number < 30_000; number++)
    expect(set.has(textOf(number))).toBe(number >= 20_000 || number % 3 !== 0);
  // Each of them is wrong once in some 10^10.
  for (let number = 30_000; number < 130_000; number++) expect(set.has(textOf(number))).toBe(false);
});

test('of triples none is kept: they may be there, and whether one is missing is not told', () => {
  const known = createKnownKeys();
  expect(known.has([1, 2, 3])).toBeUndefined();
  expect([[1, 2, 3], undefined].map(gapFinder(known, {}))).toEqual([false, false]);
});
