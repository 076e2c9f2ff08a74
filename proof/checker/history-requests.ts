/** For tests: what clients ask for, and what it makes of a Thing. */
import type { Thing } from '../../shared/domain/thing.ts';
import type { SeenThing } from './history.ts';

export interface CreateRequest {
  readonly kind: 'create';
  readonly name: string;
  readonly foo: number;
}

export type ChangeRequest =
  | { readonly kind: 'update'; readonly thing: Thing; readonly name: string; readonly foo: number }
  | { readonly kind: 'delete'; readonly thing: Thing };

export type Request = CreateRequest | ChangeRequest;

export const createOf = (name: string, foo = 1): CreateRequest => ({ kind: 'create', name, foo });
export const updateOf = (thing: Thing, name: string, foo = 1): ChangeRequest => ({
  kind: 'update',
  thing,
  name,
  foo,
});
export const deleteOf = (thing: Thing): ChangeRequest => ({ kind: 'delete', thing });

/** What the request makes of its Thing. */
export const stateAfter = (request: Request, id: number, time: number): Thing => {
  const { kind } = request;
  if (kind === 'create') {
    const { name, foo } = request;
    return { id, name, foo, createdOn: time, updatedOn: time, version: 0, deleted: false };
  }
  const { thing } = request;
  const version = thing.version + 1;
  if (kind === 'delete') return { ...thing, version, deleted: true };
  return { ...thing, name: request.name, foo: request.foo, updatedOn: time, version };
};

export const seen = ({ id, name, foo, version, createdOn, updatedOn }: Thing): SeenThing => ({
  id,
  name,
  foo,
  version,
  createdOn,
  updatedOn,
});

/** What an accepted write shows: of a delete the Thing as it was. */
export const shown = (state: Thing): SeenThing =>
  seen(state.deleted ? { ...state, version: state.version - 1 } : state);
