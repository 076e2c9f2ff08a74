/**
 * Original <-> Shiny: the one place that knows both shapes. Original's `foo` is a 32-bit integer, Shiny's a float;
 * ids and versions are integers in Original and strings in Shiny. Over HTTP timestamps are RFC 3339 in UTC with
 * milliseconds.
 */
import { addedFieldsOf, type AddedFields } from './added-fields.ts';
import type { Thing } from './thing.ts';

export const ORIGINAL_FOO_MIN = -(2 ** 31);
export const ORIGINAL_FOO_MAX = 2 ** 31 - 1;

/** A Thing as the Original API shows it. */
export interface OriginalThing extends AddedFields {
  id: number;
  name: string;
  foo: number;
  created_on: string;
  updated_on: string;
  version: number;
}

/** A Thing as the Shiny API shows it. */
export interface ShinyThing extends AddedFields {
  id: string;
  name: string;
  foo: number;
  created_on: string;
  updated_on: string;
  version: string;
}

/** The integer that Original stores for `foo`: the nearest, ties away from zero; undefined when it has no room for it. */
export const originalFoo = (foo: number): number | undefined => {
  const rounded = roundHalfAwayFromZero(foo);
  return rounded >= ORIGINAL_FOO_MIN && rounded <= ORIGINAL_FOO_MAX ? rounded : undefined;
};

/** The same, total: what has no room is clamped, and `lossy` says that the value changed. */
export const clampedOriginalFoo = (foo: number): { foo: number; lossy: boolean } => {
  const clamped = Math.min(ORIGINAL_FOO_MAX, Math.max(ORIGINAL_FOO_MIN, roundHalfAwayFromZero(foo)));
  return { foo: clamped, lossy: clamped !== foo };
};

/** Does Original show the Thing with another value than Shiny? */
export const isLossy = (thing: Thing): boolean => !thing.deleted && clampedOriginalFoo(thing.foo).lossy;

/** The Thing as Original holds it. */
export const mappedToOriginal = (thing: Thing): Thing => ({
  ...thing,
  foo: clampedOriginalFoo(thing.foo).foo,
});

export const toOriginalThing = (thing: Thing): OriginalThing => ({
  id: thing.id,
  name: thing.name,
  foo: clampedOriginalFoo(thing.foo).foo,
  created_on: new Date(thing.createdOn).toISOString(),
  updated_on: new Date(thing.updatedOn).toISOString(),
  version: thing.version,
  ...addedFieldsOf(thing),
});

export const toShinyThing = (thing: Thing): ShinyThing => ({
  id: String(thing.id),
  name: thing.name,
  foo: thing.foo,
  created_on: new Date(thing.createdOn).toISOString(),
  updated_on: new Date(thing.updatedOn).toISOString(),
  version: String(thing.version),
  ...addedFieldsOf(thing),
});

// Adding 0 turns -0, which JSON cannot tell from 0, into 0.
const roundHalfAwayFromZero = (value: number): number => Math.sign(value) * Math.round(Math.abs(value)) + 0;
