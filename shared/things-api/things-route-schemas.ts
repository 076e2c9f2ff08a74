/** What the routes of Things take and give: the schemas that check the requests, and with them the OpenAPI document. */
import { Type, type TSchema } from 'typebox';
import { THING_SCHEMAS } from '../domain/thing-schema.ts';
import type { Api } from '../domain/thing.ts';
import {
  answer,
  BEARER,
  errorAnswers,
  header,
  IDEMPOTENCY_KEY,
  LIMIT,
  NO_QUERY,
  PREFER,
} from '../http/route-schemas.ts';

const exact = { additionalProperties: false } as const;
const LIST_QUERY = Type.Object(
  {
    limit: Type.Optional(LIMIT),
    after: Type.Optional(
      Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, expected: 'the id of a Thing, once' }),
    ),
  },
  exact,
);
const DELETE_QUERY = Type.Object(
  {
    version: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        expected: 'an integer from 0 to 2^53 - 1, once',
      }),
    ),
  },
  exact,
);
/** Canonical decimals from `min` (0 or 1) to 2^53 - 1. */
const safeDecimals = (min: 0 | 1): string => {
  const digits = String(Number.MAX_SAFE_INTEGER);
  const below = Array.from({ length: digits.length }, (_, at) => {
    const digit = digits.charAt(at);
    const least = at === 0 ? 1 : 0;
    const rest = digits.length - at - 1;
    return Number(digit) <= least
      ? []
      : [`${digits.slice(0, at)}[${least}-${Number(digit) - 1}][0-9]{${rest}}`];
  }).flat();
  const shorter = `[1-9][0-9]{0,${digits.length - 2}}`;
  return [...(min === 0 ? ['0'] : []), shorter, ...below, digits].join('|');
};
const ID_PARAMS = Type.Object({
  id: Type.String({
    pattern: `^(${safeDecimals(1)})$`,
    description: 'A canonical decimal, 1 to 2^53 - 1; else 404.',
  }),
});

const IF_MATCH = header('One strong entity tag with the current version, such as "3".', {
  pattern: `^"(${safeDecimals(0)})"$`,
});
const CACHE_CONTROL = header('no-cache: a linearizable read.');
const IF_NONE_MATCH = header('Entity tags, by RFC 9110.');

/** By API: Original knows no asynchronous answer. */
export const thingsRouteSchemas = (api: Api) => {
  const { thing, create, update } = THING_SCHEMAS[api];
  const tags = ['things'];
  const prefer: Record<string, TSchema> = api === 'shiny' ? { Prefer: PREFER } : {};
  const pending: Record<number, object> =
    api === 'shiny'
      ? {
          202: answer(
            Type.Object({}),
            'The command is in the log',
            'location',
            'x-command-id',
            'preference-applied',
          ),
        }
      : {};
  return {
    list: {
      operationId: 'listThings',
      tags,
      summary: 'All Things in id order, or a page of them',
      headers: Type.Object({ 'Cache-Control': CACHE_CONTROL }),
      query: LIST_QUERY,
      responses: { 200: answer(Type.Array(thing), 'Things', 'link'), ...errorAnswers(400, 503) },
    },
    create: {
      operationId: 'createThing',
      tags,
      summary: 'Create a Thing',
      security: BEARER,
      headers: Type.Object({ 'Idempotency-Key': IDEMPOTENCY_KEY, ...prefer }),
      query: NO_QUERY,
      body: create,
      responses: {
        200: answer(thing, 'The Thing at version 0', 'location', 'etag', 'x-command-id'),
        ...pending,
        ...errorAnswers(400, 401, 413, 415, 422, 503, 504),
      },
    },
    read: {
      operationId: 'readThing',
      tags,
      summary: 'One Thing',
      params: ID_PARAMS,
      headers: Type.Object({ 'If-None-Match': IF_NONE_MATCH, 'Cache-Control': CACHE_CONTROL }),
      query: NO_QUERY,
      responses: {
        200: answer(thing, 'The Thing', 'etag'),
        304: answer(Type.Null(), 'It is the version that the client has', 'etag'),
        ...errorAnswers(400, 404, 503),
      },
    },
    update: {
      tags,
      summary: 'Replace name and foo of a Thing whose current version is the given one',
      description:
        'The version is needed, in the body or as If-Match: without one, or with two that differ, 400. id, created_on and ' +
        'updated_on must be the present values, else 400.',
      security: BEARER,
      params: ID_PARAMS,
      headers: Type.Object({ 'Idempotency-Key': IDEMPOTENCY_KEY, 'If-Match': IF_MATCH, ...prefer }),
      query: NO_QUERY,
      body: update,
      responses: {
        200: answer(thing, 'The Thing at the next version', 'etag', 'x-command-id'),
        ...pending,
        ...errorAnswers(400, 401, 404, 409, 413, 415, 422, 503, 504),
      },
    },
    remove: {
      operationId: 'deleteThing',
      tags,
      summary: 'Delete a Thing whose current version is the given one',
      description:
        'The version is needed, as If-Match or in the query: without one 428, with two that differ 400.',
      security: BEARER,
      params: ID_PARAMS,
      headers: Type.Object({ 'Idempotency-Key': IDEMPOTENCY_KEY, 'If-Match': IF_MATCH, ...prefer }),
      query: DELETE_QUERY,
      responses: {
        200: answer(thing, 'The Thing as it was', 'x-command-id'),
        ...pending,
        ...errorAnswers(400, 401, 404, 409, 413, 415, 422, 428, 503, 504),
      },
    },
  };
};
