/** The routes of Things, the same on both APIs; what differs is the shape and who answers (`ThingsBackend`). */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type, type TSchema } from 'typebox';
import type { Decision } from '../domain/answer.ts';
import { thingCommand, type ThingCommand, type ThingRequest } from '../domain/command.ts';
import { THING_SCHEMAS, type CreateBody, type UpdateBody } from '../domain/thing-schema.ts';
import type { Owner } from '../domain/thing.ts';
import { answerReply, COMMAND_ID_HEADER, etagOf } from './answer-reply.ts';
import { noSuchThing } from './errors.ts';
import { idempotencyKey, ifNoneMatchHits, prefersAsync, wantsLatest } from './request-headers.ts';
import { JSON_TYPE } from './server.ts';
import { createRequest, deleteRequest, thingIdOf, updateRequest } from './thing-requests.ts';

/** A Thing, ready to be sent. */
export interface ThingView {
  readonly version: number;
  readonly json: string;
}

export type WriteResult =
  | { readonly kind: 'decided'; readonly decision: Decision }
  /** In the log, not decided yet: what the client gets that does not want to wait. */
  | { readonly kind: 'pending'; readonly location: string; readonly body: object };

export interface ThingsBackend {
  /** Throws ApiError `outcome-unknown` when no outcome came in time. */
  write(command: ThingCommand, options: { readonly respondAsync: boolean }): Promise<WriteResult>;
  /** `latest`: linearizable (P9), else what this process knows. Deleted ones are undefined. */
  thing(
    id: number,
    options: { readonly latest: boolean },
  ): ThingView | undefined | Promise<ThingView | undefined>;
  /** Up to `limit` Things with an id above `after`, in id order, as JSON; fewer only at the end. */
  things(
    after: number,
    limit: number,
  ): { id: number; json: string }[] | Promise<{ id: number; json: string }[]>;
  /** Resolves when a list shows everything that was acknowledged before the call. */
  caughtUp(): Promise<void>;
}

export interface ThingsRoutesParts {
  readonly shape: Owner;
  readonly backend: ThingsBackend;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

export const LIST_LIMIT_MAX = 1_000;
/** A list without a limit is read and sent in slices of so many. */
const SLICE_THINGS = 500;

interface ListQuery {
  limit?: number;
  after?: number;
}
type IdRoute = { Params: { id: string } };

export const registerThingsRoutes = (
  app: FastifyInstance,
  { shape, backend, clock }: ThingsRoutesParts,
): void => {
  const schemas = THING_SCHEMAS[shape];
  const errorAnswer = Type.Object({ 'error-message': Type.String() });
  const answers = (ok: TSchema, ...errors: number[]) => ({
    200: ok,
    ...Object.fromEntries(errors.map((status) => [status, errorAnswer])),
  });
  const documented = { tags: ['things'] };

  const write = async (request: FastifyRequest, reply: FastifyReply, thingRequest: ThingRequest) => {
    const commandId = idempotencyKey(request.raw) ?? randomUUID();
    const command = thingCommand(thingRequest, commandId, clock());
    const result = await backend.write(command, { respondAsync: prefersAsync(request.raw) });
    if (result.kind === 'pending') {
      return reply
        .code(202)
        .headers({
          location: result.location,
          [COMMAND_ID_HEADER]: commandId,
          'preference-applied': 'respond-async',
        })
        .type(JSON_TYPE)
        .send(JSON.stringify(result.body));
    }
    const { status, headers, body } = answerReply(result.decision, shape);
    return reply.code(status).headers(headers).type(JSON_TYPE).send(body);
  };
  // Before the body is read: a path without a Thing is 404, whatever is sent to it.
  const onRequest = async (request: FastifyRequest) => {
    thingIdOf((request.params as { id: string }).id);
  };

  app.get<{ Querystring: ListQuery }>(
    '/api/things/',
    {
      schema: {
        ...documented,
        summary: 'All Things in id order, or a page of them',
        querystring: LIST_QUERY,
        response: answers(Type.Array(schemas.thing), 400),
      },
    },
    async (request, reply) => {
      const { limit, after = 0 } = request.query;
      if (wantsLatest(request.raw)) await backend.caughtUp();
      reply.type(JSON_TYPE);
      if (limit === undefined)
        return reply.send(Readable.from(listJson(backend, after), { objectMode: false }));
      const page = await backend.things(after, limit + 1);
      const shown = page.slice(0, limit);
      if (page.length > limit) {
        reply.header('link', `</api/things/?limit=${limit}&after=${shown.at(-1)!.id}>; rel="next"`);
      }
      return reply.send(`[${shown.map(({ json }) => json).join(',')}]`);
    },
  );

  app.post<{ Body: CreateBody }>(
    '/api/things/',
    {
      schema: {
        ...documented,
        summary: 'Create a Thing',
        headers: WRITE_HEADERS,
        querystring: NO_QUERY,
        body: schemas.create,
        response: answers(schemas.thing, 400, 413, 415, 422, 503, 504),
      },
    },
    (request, reply) => write(request, reply, createRequest(request.body)),
  );

  app.get<IdRoute>(
    '/api/things/:id',
    {
      onRequest,
      schema: {
        ...documented,
        summary: 'One Thing',
        params: ID_PARAMS,
        querystring: NO_QUERY,
        response: answers(schemas.thing, 404),
      },
    },
    async (request, reply) => {
      const id = thingIdOf(request.params.id);
      const found = backend.thing(id, { latest: wantsLatest(request.raw) });
      const thing = found instanceof Promise ? await found : found;
      if (thing === undefined) throw noSuchThing(id);
      const etag = etagOf(thing.version);
      reply.header('etag', etag);
      if (ifNoneMatchHits(request.headers['if-none-match'], etag)) return reply.code(304).send();
      return reply.type(JSON_TYPE).send(thing.json);
    },
  );

  app.route<IdRoute & { Body: UpdateBody }>({
    method: ['POST', 'PUT'],
    url: '/api/things/:id',
    onRequest,
    schema: {
      ...documented,
      summary: 'Replace name and foo of a Thing whose current version is the given one',
      params: ID_PARAMS,
      headers: WRITE_HEADERS,
      querystring: NO_QUERY,
      body: schemas.update,
      response: answers(schemas.thing, 400, 404, 409, 413, 415, 422, 503, 504),
    },
    handler: (request, reply) =>
      write(request, reply, updateRequest(thingIdOf(request.params.id), request.body, request.raw)),
  });

  app.delete<IdRoute & { Querystring: { version?: number } }>(
    '/api/things/:id',
    {
      onRequest,
      schema: {
        ...documented,
        summary: 'Delete a Thing whose current version is the given one',
        params: ID_PARAMS,
        headers: WRITE_HEADERS,
        querystring: DELETE_QUERY,
        response: answers(schemas.thing, 400, 404, 409, 422, 428, 503, 504),
      },
    },
    (request, reply) =>
      write(request, reply, deleteRequest(thingIdOf(request.params.id), request.query.version, request.raw)),
  );
};

async function* listJson(backend: ThingsBackend, after: number): AsyncGenerator<string> {
  let first = true;
  for (let from = after; ;) {
    const slice = await backend.things(from, SLICE_THINGS);
    const text = slice.map(({ json }) => json).join(',');
    yield `${first ? '[' : slice.length > 0 ? ',' : ''}${text}${slice.length < SLICE_THINGS ? ']' : ''}`;
    if (slice.length < SLICE_THINGS) return;
    first = false;
    from = slice.at(-1)!.id;
  }
}

const exact = { additionalProperties: false } as const;
const NO_QUERY = Type.Object({}, exact);
const VERSION_QUERY = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  expected: 'an integer from 0 to 2^53 - 1, once',
});
const DELETE_QUERY = Type.Object({ version: Type.Optional(VERSION_QUERY) }, exact);
const LIST_QUERY = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: LIST_LIMIT_MAX,
        expected: `an integer from 1 to ${LIST_LIMIT_MAX}, once`,
      }),
    ),
    after: Type.Optional(
      Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, expected: 'the id of a Thing, once' }),
    ),
  },
  exact,
);
const ID_PARAMS = Type.Object({ id: Type.String({ description: 'a canonical decimal, 1 to 2^53 - 1' }) });
const WRITE_HEADERS = Type.Object({
  'Idempotency-Key': Type.Optional(
    Type.String({
      description:
        'The command id: 1 to 128 visible ASCII characters. Repeated with the same request: the same answer.',
    }),
  ),
  'If-Match': Type.Optional(
    Type.String({ description: 'One strong entity tag with the version, such as "3".' }),
  ),
  Prefer: Type.Optional(
    Type.String({ description: 'respond-async: 202 as soon as the command is in the log (Shiny).' }),
  ),
});
