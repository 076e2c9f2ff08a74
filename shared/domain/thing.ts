import { addedFieldsOf, type AddedFields } from './added-fields.ts';

/**
 * A Thing as the log and Shiny hold it. Versions are dense: a create makes 0, every accepted change one more.
 * A delete is a state with `deleted: true` and the next version; the rest of it stays as it was, so that the answer
 * to the delete (the Thing as it was) can always be told from the state.
 */
export interface Thing extends AddedFields {
  /** 1 to 2^53 - 1; lives in partition `id mod P`. */
  readonly id: number;
  readonly name: string;
  /** Finite. */
  readonly foo: number;
  /** Milliseconds since 1970, UTC. */
  readonly createdOn: number;
  /** Milliseconds since 1970, UTC; never before the previous version's. */
  readonly updatedOn: number;
  readonly version: number;
  readonly deleted: boolean;
}

/** What a client may set. A reader who adds a field to Things starts at added-fields.ts. */
export interface ThingFields extends AddedFields {
  readonly name: string;
  readonly foo: number;
}

export type Api = 'original' | 'shiny';

export const createThing = (id: number, fields: ThingFields, now: number): Thing => ({
  id,
  name: fields.name,
  foo: fields.foo,
  createdOn: now,
  updatedOn: now,
  version: 0,
  deleted: false,
  ...addedFieldsOf(fields),
});

export const updateThing = (thing: Thing, fields: ThingFields, now: number): Thing => ({
  ...thing,
  name: fields.name,
  foo: fields.foo,
  ...addedFieldsOf(fields),
  updatedOn: Math.max(thing.updatedOn, now),
  version: thing.version + 1,
});

export const deleteThing = (thing: Thing): Thing => ({ ...thing, version: thing.version + 1, deleted: true });

/** The Thing that an accepted write answers with: the new state, or for a delete the last one before it. */
export const answeredThing = (state: Thing): Thing =>
  state.deleted ? { ...state, version: state.version - 1, deleted: false } : state;
