/** The routes of Things, the same on both APIs; what differs is the shape and who answers (`ThingsBackend`). */
import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { thingCommand, type ThingRequest } from '../domain/command.ts';
import type { CreateBody, UpdateBody } from '../domain/thing-schema.ts';
import type { Owner } from '../domain/thing.ts';
import { answerReply, COMMAND_ID_HEADER, etagOf } from './answer-reply.ts';
import { noSuchThing } from './errors.ts';
import { idempotencyKey } from './idempotency-key.ts';
import { ifNoneMatchHits, prefersAsync, wantsLatest } from './request-headers.ts';
import { createPlaces, UNLIMITED_LISTS_MAX } from './in-flight.ts';
import { pageSlices, planPage, rowSlices } from './list-slices.ts';
import { sendJsonArray } from './list-reply.ts';
import { JSON_TYPE, leaveInFlight } from './server.ts';
import { syncHook } from './sync-hook.ts';
import { badFields, compileBodyFaults } from './request-check.ts';
import { createRequestsUnderWay } from './requests-under-way.ts';
import { createRequest, deleteRequest, thingIdOf, updateFaults, updateRequest } from './thing-requests.ts';
import type { Time } from '../process/time.ts';
import type { ThingsBackend } from './things-backend.ts';
import { thingsRouteSchemas } from './things-route-schemas.ts';

export interface ThingsRoutesParts {
  readonly shape: Owner;
  readonly backend: ThingsBackend;
  /** Milliseconds since 1970. */
  readonly time: Time;
  /** Lists without a limit that are sent at once; UNLIMITED_LISTS_MAX without. */
  readonly unlimitedListsMax?: number;
}

interface ListQuery {
  limit?: number;
  after?: number;
}
type IdRoute = { Params: { id: string } };

export const registerThingsRoutes = (
  app: FastifyInstance,
  { shape, backend, time, unlimitedListsMax = UNLIMITED_LISTS_MAX }: ThingsRoutesParts,
): void => {
  const schemas = thingsRouteSchemas(shape);
  const faultsOfUpdate = compileBodyFaults(schemas.update.body);
  const underWay = createRequestsUnderWay();

  const write = async (request: FastifyRequest, reply: FastifyReply, thingRequest: ThingRequest) => {
    const commandId = idempotencyKey(request.raw) ?? randomUUID();
    const command = thingCommand(thingRequest, commandId, time.now());
    const result = await underWay(command, () =>
      backend.write(command, { respondAsync: prefersAsync(request.raw) }),
    );
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
  const onRequest = syncHook(({ params }) => void thingIdOf((params as { id: string }).id));

  const unlimited = createPlaces(unlimitedListsMax, 'lists without a limit');
  app.get<{ Querystring: ListQuery }>('/api/things/', { schema: schemas.list }, async (request, reply) => {
    const { limit, after = 0 } = request.query;
    if (limit === undefined) {
      unlimited.enter(reply.raw);
      leaveInFlight(app, reply.raw);
    }
    if (wantsLatest(request.raw)) await backend.caughtUp();
    reply.type(JSON_TYPE);
    if (limit === undefined) {
      if (request.method === 'HEAD') return reply.send();
      return sendJsonArray(reply, rowSlices(backend.things, after));
    }
    const page = await planPage(backend.things, after, limit);
    if (page.hasMore)
      reply.header('link', `</api/things/?limit=${limit}&after=${page.ids.at(-1)!}>; rel="next"`);
    if (page.json !== undefined) return reply.send(`[${page.json.join(',')}]`);
    if (request.method === 'HEAD') return reply.send();
    return sendJsonArray(reply, pageSlices(backend.things, after, page));
  });

  app.post<{ Body: CreateBody }>('/api/things/', { schema: schemas.create }, (request, reply) =>
    write(request, reply, createRequest(request.body)),
  );

  app.get<IdRoute>('/api/things/:id', { onRequest, schema: schemas.read }, async (request, reply) => {
    const id = thingIdOf(request.params.id);
    const found = backend.thing(id, { latest: wantsLatest(request.raw) });
    const thing = found instanceof Promise ? await found : found;
    if (thing === undefined) throw noSuchThing(id);
    const etag = etagOf(thing.version);
    reply.header('etag', etag);
    if (ifNoneMatchHits(request.headers['if-none-match'], etag)) return reply.code(304).send();
    return reply.type(JSON_TYPE).send(thing.json);
  });

  app.route<IdRoute & { Body: UpdateBody }>({
    method: ['POST', 'PUT'],
    url: '/api/things/:id',
    onRequest,
    schema: schemas.update,
    // All faults of the body at once, those of the schema and those that it cannot say.
    preValidation: syncHook(({ params, body, raw }) => {
      const faults = faultsOfUpdate(body);
      if (typeof body === 'object' && body !== null)
        faults.push(...updateFaults(thingIdOf((params as { id: string }).id), body, raw));
      if (faults.length > 0) throw badFields(faults);
    }),
    handler: (request, reply) =>
      write(request, reply, updateRequest(thingIdOf(request.params.id), request.body, request.raw)),
  });

  app.delete<IdRoute & { Querystring: { version?: number } }>(
    '/api/things/:id',
    { onRequest, schema: schemas.remove },
    (request, reply) =>
      write(request, reply, deleteRequest(thingIdOf(request.params.id), request.query.version, request.raw)),
  );
};
