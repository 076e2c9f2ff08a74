/**
 * What a client may send about Things, in each API's shape. One schema gives the static type, the check of the
 * request and the OpenAPI document. `expected` is what the error message says a field must be.
 */
import { Type, type Static, type TSchema } from 'typebox';
import { NAME_MAX_CODE_POINTS } from './limits.ts';
import { addedSchemas } from './added-fields.ts';
import { ORIGINAL_FOO_MAX, ORIGINAL_FOO_MIN } from './mapping.ts';
import type { Api } from './thing.ts';

const ID_MAX = Number.MAX_SAFE_INTEGER;
/** A canonical decimal; whether it is at most ID_MAX is looked at where it is read. */
export const DECIMAL_PATTERN = '^(0|[1-9][0-9]{0,15})$';

const Name = Type.String({
  minLength: 1,
  maxLength: NAME_MAX_CODE_POINTS,
  format: 'plain-text',
  expected: `a string of 1 to ${NAME_MAX_CODE_POINTS} characters without NUL or unpaired surrogates`,
});
const OriginalFoo = Type.Integer({
  minimum: ORIGINAL_FOO_MIN,
  maximum: ORIGINAL_FOO_MAX,
  expected: `an integer from ${ORIGINAL_FOO_MIN} to ${ORIGINAL_FOO_MAX}`,
});
const ShinyFoo = Type.Number({ expected: 'a finite number' });
const Version = Type.Integer({ minimum: 0, maximum: ID_MAX, expected: 'an integer from 0 to 2^53 - 1' });
const ShinyVersion = Type.Union([Type.String({ pattern: DECIMAL_PATTERN }), Version], {
  expected: 'an integer from 0 to 2^53 - 1, as a number or a decimal string',
});
const Timestamp = Type.String({
  format: 'date-time',
  expected: 'the present value (the field is read-only)',
});

/** Left out, an added field has its default. */
const added = addedSchemas(Type.Optional);
const exact = { additionalProperties: false } as const;

const readOnly = <Id extends TSchema>(id: Id) => ({
  id: Type.Optional(id),
  created_on: Type.Optional(Timestamp),
  updated_on: Type.Optional(Timestamp),
});

const ORIGINAL_CREATE = Type.Object({ name: Name, foo: OriginalFoo, ...added }, exact);
const SHINY_CREATE = Type.Object({ name: Name, foo: ShinyFoo, ...added }, exact);
const ORIGINAL_UPDATE = Type.Object(
  {
    name: Name,
    foo: OriginalFoo,
    ...added,
    version: Type.Optional(Version),
    ...readOnly(Type.Integer({ expected: 'the id of the path' })),
  },
  exact,
);
const SHINY_UPDATE = Type.Object(
  {
    name: Name,
    foo: ShinyFoo,
    ...added,
    version: Type.Optional(ShinyVersion),
    ...readOnly(Type.String({ expected: 'the id of the path, as a string' })),
  },
  exact,
);

const shown = <Id extends TSchema, Foo extends TSchema, V extends TSchema>(id: Id, foo: Foo, version: V) =>
  Type.Object({
    id,
    name: Type.String(),
    foo,
    created_on: Type.String({ format: 'date-time' }),
    updated_on: Type.String({ format: 'date-time' }),
    version,
    ...addedSchemas(),
  });

const ORIGINAL_THING = shown(Type.Integer({ minimum: 1 }), Type.Integer(), Type.Integer({ minimum: 0 }));
const SHINY_THING = shown(
  Type.String({ pattern: DECIMAL_PATTERN }),
  Type.Number(),
  Type.String({ pattern: DECIMAL_PATTERN }),
);

export type CreateBody = Static<typeof ORIGINAL_CREATE> | Static<typeof SHINY_CREATE>;
export type UpdateBody = Static<typeof ORIGINAL_UPDATE> | Static<typeof SHINY_UPDATE>;

export interface ThingSchemas {
  readonly create: TSchema;
  readonly update: TSchema;
  readonly thing: TSchema;
}

export const THING_SCHEMAS: Readonly<Record<Api, ThingSchemas>> = {
  original: { create: ORIGINAL_CREATE, update: ORIGINAL_UPDATE, thing: ORIGINAL_THING },
  shiny: { create: SHINY_CREATE, update: SHINY_UPDATE, thing: SHINY_THING },
};
