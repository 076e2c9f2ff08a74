import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { thing } from '../../test/outcome-log.ts';
import {
  clampedOriginalFoo,
  ORIGINAL_FOO_MAX,
  ORIGINAL_FOO_MIN,
  originalFoo,
  toOriginalThing,
  toShinyThing,
} from './mapping.ts';

describe('foo', () => {
  test.each([
    [0.5, 1],
    [-0.5, -1],
    [1.5, 2],
    [-1.5, -2],
    [2.5, 3],
    [2.4999999, 2],
    [-2.5, -3],
    [1e-300, 0],
    [-0.2, 0],
    [ORIGINAL_FOO_MAX, ORIGINAL_FOO_MAX],
    [ORIGINAL_FOO_MAX + 0.49, ORIGINAL_FOO_MAX],
    [ORIGINAL_FOO_MIN - 0.49, ORIGINAL_FOO_MIN],
  ])('%f becomes %i', (foo, expected) => {
    expect(originalFoo(foo)).toBe(expected);
    expect(clampedOriginalFoo(foo)).toEqual({ foo: expected, lossy: foo !== expected });
  });
  test.each([ORIGINAL_FOO_MAX + 0.5, ORIGINAL_FOO_MIN - 0.5, 1e300, -1e300])('%f has no room', (foo) => {
    expect(originalFoo(foo)).toBeUndefined();
    expect(clampedOriginalFoo(foo)).toEqual({
      foo: foo > 0 ? ORIGINAL_FOO_MAX : ORIGINAL_FOO_MIN,
      lossy: true,
    });
  });
  test('an integer of Original goes there and back unchanged', () => {
    fc.assert(
      fc.property(fc.integer({ min: ORIGINAL_FOO_MIN, max: ORIGINAL_FOO_MAX }), (foo) => {
        expect(clampedOriginalFoo(foo)).toEqual({ foo, lossy: false });
      }),
    );
  });
});

test('the two shapes differ in the types of id and version alone', () => {
  const state = thing(5, 3, { name: 'ü', foo: 2 });
  expect(toOriginalThing(state)).toEqual({
    id: 5,
    name: 'ü',
    foo: 2,
    created_on: '2026-01-01T00:00:00.000Z',
    updated_on: '2026-01-01T00:00:00.000Z',
    version: 3,
  });
  expect(toShinyThing(state)).toEqual({ ...toOriginalThing(state), id: '5', version: '3' });
});
