import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toShinyThing } from './mapping.ts';
import { shinyJson } from './shiny-json.ts';

const TIME_MAX = Date.UTC(9999, 0);

test('the bytes are those of JSON.stringify', () => {
  const time = fc.integer({ min: 0, max: TIME_MAX });
  const thing = fc.record({
    id: fc.maxSafeNat(),
    name: fc.string({ unit: 'grapheme' }),
    foo: fc.double({ noNaN: true, noDefaultInfinity: true }),
    createdOn: time,
    updatedOn: time,
    version: fc.maxSafeNat(),
    deleted: fc.constant(false),
  });
  fc.assert(
    fc.property(thing, fc.boolean(), (any, isUnchanged) => {
      const shown = isUnchanged ? { ...any, updatedOn: any.createdOn } : any;
      expect(shinyJson(shown)).toBe(JSON.stringify(toShinyThing(shown)));
    }),
    { numRuns: 1_000 },
  );
});
