/** Parts of route schemas that every service has: for the checks of requests, and for the OpenAPI document. */
import { Type, type TSchema } from 'typebox';
import { IDEMPOTENCY_KEY_PATTERN } from './idempotency-key.ts';

const LIST_LIMIT_MAX = 1_000;

const exact = { additionalProperties: false } as const;
export const NO_QUERY = Type.Object({}, exact);
export const LIMIT = Type.Integer({
  minimum: 1,
  maximum: LIST_LIMIT_MAX,
  expected: `an integer from 1 to ${LIST_LIMIT_MAX}, once`,
});
export const header = (description: string, more: object = {}) =>
  Type.Optional(Type.String({ description, ...more }));
export const IDEMPOTENCY_KEY = header(
  'The command id, bare or as a quoted string (the same key); neither . nor .. Repeated with the same request: the same answer.',
  { pattern: IDEMPOTENCY_KEY_PATTERN },
);
export const PREFER = header('respond-async: 202 as soon as the command is in the log.');

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
