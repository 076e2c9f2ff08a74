/** The routes of Things, the same on both APIs; what differs is the shape and who answers (`ThingsBackend`). */
import { randomUUID } from 'node:crypto';
import type { Context } from 'koa';
import { thingCommand, type ThingChange } from '../domain/command.ts';
import type { CreateBody, UpdateBody } from '../domain/thing-schema.ts';
import type { Api } from '../domain/thing.ts';
import { answerReply, COMMAND_ID_HEADER, etagOf } from './answer-reply.ts';
import { noSuchThing } from '../http/errors.ts';
import { idempotencyKey } from '../http/idempotency-key.ts';
import { ifNoneMatchHits, prefersAsync, wantsLatest } from '../http/request-headers.ts';
import { createSlots, leaveInFlight, UNLIMITED_LISTS_MAX } from '../http/in-flight.ts';
import { pageSlices, planPage, rowSlices } from './list-slices.ts';
import { sendJsonArray } from '../http/json-array.ts';
import { route, sendJson, type Route } from '../http/route.ts';
import { createInFlightWrites } from './in-flight-writes.ts';
import {
  createChange,
  deleteChange,
  parseThingId,
  thingIdOf,
  updateFaults,
  updateChange,
} from './parse-thing-request.ts';
import type { Time } from '../process/time.ts';
import type { Logger } from '../process/logger.ts';
import type { ThingsBackend, ThingView } from './things-backend.ts';
import { thingsRouteSchemas } from './things-route-schemas.ts';

export interface ThingsRoutesParts {
  readonly api: Api;
  readonly backend: ThingsBackend;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly time: Time;
  /** Lists without a limit that are sent at once; UNLIMITED_LISTS_MAX without. */
  readonly unlimitedListsMax?: number;
}

interface ListQuery {
  readonly limit?: number;
  readonly after?: number;
}
interface IdParams {
  readonly id: string;
}

const LIST_PATH = '/api/things/';
const THING_PATH = '/api/things/:id';

export const thingsRoutes = ({
  api,
  backend,
  logger,
  time,
  unlimitedListsMax = UNLIMITED_LISTS_MAX,
}: ThingsRoutesParts): Route[] => {
  const schemas = thingsRouteSchemas(api);
  const underWay = createInFlightWrites();
  const unlimited = createSlots(unlimitedListsMax, 'lists without a limit');

  const write = async (context: Context, change: ThingChange): Promise<void> => {
    const commandId = idempotencyKey(context.req) ?? randomUUID();
    const command = thingCommand(change, commandId, time.now());
    const result = await underWay(command, () =>
      backend.write(command, { respondAsync: prefersAsync(context.req) }),
    );
    if (result.kind === 'pending') {
      context.set({
        location: result.location,
        [COMMAND_ID_HEADER]: commandId,
        'preference-applied': 'respond-async',
      });
      return sendJson(context, 202, result.body);
    }
    const { status, headers, body } = answerReply(result.decision, api);
    context.set(headers);
    return sendJson(context, status, body);
  };
  // Before the body is read: a path without a Thing is 404, whatever is sent to it.
  const checkHead = ({ id }: Readonly<Record<string, string>>): void => void thingIdOf(id!);

  const update = (method: 'POST' | 'PUT'): Route =>
    route<{ params: IdParams; body: UpdateBody }>({
      method,
      path: THING_PATH,
      checkHead,
      // All faults of the body at once, those of the schema and those that it cannot say.
      bodyFaults: (body, { id }, message) => updateFaults(thingIdOf(id!), body, message),
      schema: { ...schemas.update, operationId: method === 'PUT' ? 'replaceThing' : 'updateThing' },
      handle: (context, { params, body }) =>
        write(context, updateChange(thingIdOf(params.id), body, context.req)),
    });

  return [
    route<{ query: ListQuery }>({
      method: 'GET',
      path: LIST_PATH,
      schema: schemas.list,
      handle: async (context, { query: { limit, after = 0 } }) => {
        if (limit === undefined) {
          unlimited.enter(context.res);
          leaveInFlight(context.res);
        }
        if (wantsLatest(context.req)) await backend.caughtUp();
        if (limit === undefined) return sendJsonArray(context, logger, rowSlices(backend.things, after));
        const page = await planPage(backend.things, after, limit);
        if (page.hasMore)
          context.set('link', `</api/things/?limit=${limit}&after=${page.ids.at(-1)!}>; rel="next"`);
        return page.json === undefined
          ? sendJsonArray(context, logger, pageSlices(backend.things, after, page))
          : `[${page.json.join(',')}]`;
      },
    }),
    route<{ body: CreateBody }>({
      method: 'POST',
      path: LIST_PATH,
      schema: schemas.create,
      handle: (context, { body }) => write(context, createChange(body)),
    }),
    route<{ params: IdParams }>({
      method: 'GET',
      path: THING_PATH,
      checkHead,
      schema: schemas.read,
      handle: async (context, { params }) => {
        const id = thingIdOf(params.id);
        const found = backend.thing(id, { latest: wantsLatest(context.req) });
        const thing = found instanceof Promise ? await found : found;
        if (thing === undefined) throw noSuchThing(id);
        const etag = etagOf(thing.version);
        context.set('etag', etag);
        if (!ifNoneMatchHits(context.req.headers['if-none-match'], etag)) return thing.json;
        context.status = 304;
        return undefined;
      },
      ...(backend.readyThing !== undefined && { ready: readyThing(backend.readyThing) }),
    }),
    update('POST'),
    update('PUT'),
    route<{ params: IdParams; query: { readonly version?: number } }>({
      method: 'DELETE',
      path: THING_PATH,
      checkHead,
      schema: schemas.remove,
      handle: (context, { params, query }) =>
        write(context, deleteChange(thingIdOf(params.id), query.version, context.req)),
    }),
  ];
};

/** A plain read: one that does not ask for the latest. */
const readyThing =
  (thingInMemory: (id: number) => ThingView | undefined): Required<Route>['ready'] =>
  (param, message) => {
    const id = parseThingId(param);
    if (id === undefined || wantsLatest(message)) return undefined;
    const thing = thingInMemory(id);
    return thing === undefined ? undefined : { etag: etagOf(thing.version), json: thing.json };
  };
