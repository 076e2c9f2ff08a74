import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSortedIds } from './sorted-ids.ts';

test('it is what a set is, in order, whatever comes and goes', () => {
  const change = fc.record({ id: fc.nat(4_000), isAdded: fc.boolean(), run: fc.nat(1_500) });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 20 }), fc.nat(4_000), (changes, after) => {
      const ids = createSortedIds();
      const model = new Set<number>();
      for (const { id, isAdded, run } of changes) {
        for (let one = id; one <= id + run; one++) {
          if (isAdded) ids.add(one);
          else ids.delete(one);
          if (isAdded) model.add(one);
          else model.delete(one);
        }
      }
      expect(ids.size).toBe(model.size);
      expect([...ids.above(after)]).toEqual([...model].filter((id) => id > after).toSorted((a, b) => a - b));
    }),
  );
});
