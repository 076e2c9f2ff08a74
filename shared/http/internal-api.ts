/**
 * What the Original API offers to the updater and to Shiny, beside its public routes: the decision of a command of the
 * log with its token, and a read that says who owns the Thing's partition. Both sides are written against this file.
 */
import { Type } from 'typebox';
import { DECIMAL_PATTERN } from '../domain/thing-schema.ts';
import type { ThingCommand } from '../domain/command.ts';
import type { Owner, Thing } from '../domain/thing.ts';

export const INTERNAL_DECIDE_PATH = '/internal/decide';
export const internalThingPath = (id: number | ':id'): string => `/internal/things/${id}`;

/** The ends of the feed, once everything is in it that was acknowledged before the request. */
export const INTERNAL_FEED_ENDS_PATH = '/internal/feed-ends';

export interface InternalDecideBody {
  readonly partition: number;
  /** The fold's epoch at the command's predecessor. */
  readonly token: number;
  readonly command: ThingCommand;
}

export interface InternalThing {
  readonly owner: Owner;
  readonly thing: Thing | null;
}

const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const time = Type.Union([Type.Integer(), Type.Null()]);
const asked = {
  commandId: Type.String({ minLength: 1, maxLength: 128 }),
  requestedOn: Type.Integer(),
  payloadHash: Type.String({ minLength: 1, maxLength: 64 }),
};
const fields = { name: Type.String({ format: 'plain-text' }), foo: Type.Number() };

export const INTERNAL_DECIDE_BODY = Type.Object(
  {
    partition: Type.Integer({ minimum: 0, expected: 'a partition' }),
    token: Type.Integer({ minimum: 0, expected: 'an epoch' }),
    command: Type.Union(
      [
        Type.Object({ type: Type.Literal('create'), ...asked, ...fields }),
        Type.Object({
          type: Type.Literal('update'),
          ...asked,
          ...fields,
          thingId: count,
          version: count,
          createdOn: time,
          updatedOn: time,
        }),
        Type.Object({ type: Type.Literal('delete'), ...asked, thingId: count, version: count }),
      ],
      { expected: 'a create, update or delete command' },
    ),
  },
  { additionalProperties: false },
);

export const INTERNAL_THING_PARAMS = Type.Object({ id: Type.String({ pattern: DECIMAL_PATTERN }) });
