/** What the routes of Things take and give: the schemas that check the requests, and with them the OpenAPI document. */
import { Type, type TSchema } from 'typebox';
import { THING_SCHEMAS } from '../domain/thing-schema.ts';
import type { Owner } from '../domain/thing.ts';
import { IDEMPOTENCY_KEY_PATTERN } from './idempotency-key.ts';

export const LIST_LIMIT_MAX = 1_000;

const exact = { additionalProperties: false } as const;
export const NO_QUERY = Type.Object({}, exact);
export const LIMIT = Type.Integer({
  minimum: 1,
  maximum: LIST_LIMIT_MAX,
  expected: `an integer from 1 to ${LIST_LIMIT_MAX}, once`,
});
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

const header = (description: string, more: object = {}) =>
  Type.Optional(Type.String({ description, ...more }));
export const IDEMPOTENCY_KEY = header(
  'The command id, bare or as a quoted string (the same key); neither . nor .. Repeated with the same request: the same answer.',
  { pattern: IDEMPOTENCY_KEY_PATTERN },
);
const IF_MATCH = header('One strong entity tag with the current version, such as "3".', {
  pattern: `^"(${safeDecimals(0)})"$`,
});
export const PREFER = header('respond-async: 202 as soon as the command is in the log.');
const CACHE_CONTROL = header('no-cache: a linearizable read.');
const IF_NONE_MATCH = header('Entity tags, by RFC 9110.');

const ERRORS: Readonly<Record<number, string>> = {
  400: 'The request is not valid, or its value does not fit the present master',
  401: 'The API token is missing or another one',
  403: 'A page of this Origin may not ask',
  404: 'There is no such Thing',
  409: 'The version is not the current one, which the message names',
  413: 'The body is too large',
  415: 'The body is not JSON in UTF-8',
  421: 'The Host is not served here',
  422: 'The Idempotency-Key already stands for another request',
  428: 'A delete needs the current version',
  503: 'Too many requests are in flight, or the latest state is not known now; nothing was written',
  504: 'The outcome is not known (yet)',
};
const HEADERS = {
  etag: Type.String({ description: 'The version, quoted.' }),
  location: Type.String({ description: 'Path of the Thing, or of the command.' }),
  link: Type.String({ description: 'The next page, rel="next", while there is one.' }),
  'x-command-id': Type.String({
    description: 'The command id: the Idempotency-Key, or the UUID that was drawn.',
  }),
  'retry-after': Type.String({ description: 'Seconds.' }),
  'x-error-code': Type.String({ description: 'The code of the error, for programs.' }),
  'www-authenticate': Type.String({ description: 'Bearer' }),
  'preference-applied': Type.String({ description: 'respond-async' }),
};
type HeaderName = keyof typeof HEADERS;

/** The API token, where one is set. */
export const BEARER: readonly Record<string, string[]>[] = [{ bearer: [] }, {}];

/** A response for the document: the schema of its body, what it means, and its headers. */
export const answer = (schema: TSchema, description: string, ...headers: HeaderName[]): object => ({
  ...schema,
  description,
  ...(headers.length === 0
    ? {}
    : { headers: Object.fromEntries(headers.map((name) => [name, HEADERS[name]])) }),
});

/** What every route can answer, by Host and Origin. */
const OF_THE_WALL = [403, 421];

export const errorAnswers = (...statuses: number[]): Record<number, object> => {
  const headersOf = (status: number): HeaderName[] => {
    if (status === 401) return ['www-authenticate', 'x-error-code'];
    if (status === 503) return ['retry-after', 'x-error-code'];
    return [409, 422, 504].includes(status) ? ['x-command-id', 'x-error-code'] : ['x-error-code'];
  };
  const body = Type.Object({ 'error-message': Type.String() });
  return Object.fromEntries(
    [...statuses, ...OF_THE_WALL].map((status) => [
      status,
      answer(body, ERRORS[status]!, ...headersOf(status)),
    ]),
  );
};

/** By API: Original knows no asynchronous answer. */
export const thingsRouteSchemas = (shape: Owner) => {
  const { thing, create, update } = THING_SCHEMAS[shape];
  const tags = ['things'];
  const prefer: Record<string, TSchema> = shape === 'shiny' ? { Prefer: PREFER } : {};
  const pending: Record<number, object> =
    shape === 'shiny'
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
