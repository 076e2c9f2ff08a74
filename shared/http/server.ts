/**
 * The HTTP server that all three services share: limits, errors in one shape, health, metrics, the OpenAPI document,
 * one log line per request. It knows no route of its own but these.
 */
import type { ServerResponse } from 'node:http';
import swagger from '@fastify/swagger';
import {
  fastify,
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { TSchema } from 'typebox';
import { StartError } from '../process/lifecycle.ts';
import type { Logger } from '../process/logger.ts';
import type { Metrics } from '../process/metrics.ts';
import { ApiError, ERROR_CODE_HEADER, errorBody, unavailable } from './errors.ts';
import {
  answerConnectionFault,
  checkHost,
  checkTransferCoding,
  CONNECTION_LIMITS,
  limitBodyTime,
  watchConnections,
} from './connection-faults.ts';
import { createPlaces, type Places } from './in-flight.ts';
import { createRouteTable } from './route-table.ts';
import { acceptJsonBodies, BODY_MAX_BYTES, checkContentType } from './request-body.ts';
import { compileBodyCheck, compileQueryCheck } from './request-check.ts';
import { syncHook } from './sync-hook.ts';
import { cutStuckWrites } from './write-timeout.ts';
import { BEARER_SCHEME } from './things-route-schemas.ts';
import type { Wall } from './wall.ts';

export interface ServerParts {
  readonly title: string;
  readonly description: string;
  readonly version: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Requests under /api and /internal at once; one more is refused with 503. */
  readonly inFlightMax: number;
  /** How long a client may take nothing of its answer; WRITE_WAIT_MS without. */
  readonly writeWaitMs?: number;
  /** What the service still waits for, or undefined when it is ready. */
  readonly notReady: () => string | undefined;
  /** Who may ask for what; before everything else, and before the body is read. */
  readonly wall: Wall;
  /** Who answers: in the bodies of /health/ready and /health/live. */
  readonly identity?: HealthIdentity;
  /** Partitions that do not go on, though the service is ready: in the body of /health/ready. */
  readonly troubled?: () => readonly object[];
}

export interface HealthIdentity {
  /** Id of the genesis of its namespace. */
  readonly genesis: string;
  /** Process id. */
  readonly pid: number;
  /** Features that its release knows. */
  readonly features: readonly string[];
}

export const JSON_TYPE = 'application/json';

/** Faults of a path that cannot be one of ours. */
const NO_SUCH_PATH = new Set(['FST_ERR_BAD_URL', 'FST_ERR_MAX_PARAM_LENGTH']);
/** A URL's longest path segment, in characters: a command id of 128, each percent-encoded, and some. */
const PATH_SEGMENT_MAX_CHARS = 500;

export const createServer = async (parts: ServerParts): Promise<FastifyInstance> => {
  // Our own line per request is below; Fastify is only to speak up when something is wrong.
  const quietLogger: FastifyBaseLogger = parts.logger.child({}, { level: 'warn' });
  const app = fastify({
    loggerInstance: quietLogger,
    childLoggerFactory: (logger) => logger,
    bodyLimit: BODY_MAX_BYTES,
    forceCloseConnections: 'idle',
    routerOptions: {
      ignoreTrailingSlash: true,
      maxParamLength: PATH_SEGMENT_MAX_CHARS,
    },
    http: CONNECTION_LIMITS,
    requestTimeout: CONNECTION_LIMITS.requestTimeout,
    clientErrorHandler: answerConnectionFault,
    frameworkErrors: (error, request, reply) => {
      // A path that cannot be decoded names nothing that we have.
      sendError(parts.logger, reply, NO_SUCH_PATH.has(error.code) ? notFound(request.url) : error);
    },
  });
  const routes = createRouteTable();
  app.addHook('onRoute', ({ url, method }) => routes.add(url, method));
  acceptJsonBodies(app);
  app.setValidatorCompiler<TSchema>(({ schema, httpPart }) => {
    if (httpPart !== 'body' && httpPart !== 'querystring') return (value: unknown) => ({ value });
    const check = httpPart === 'body' ? compileBodyCheck(schema) : compileQueryCheck(schema);
    return (data: unknown) => {
      try {
        return { value: check(data) };
      } catch (error) {
        return { error: error as Error };
      }
    };
  });
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.setErrorHandler((error: FastifyError, _request, reply) => sendError(parts.logger, reply, error));
  app.setNotFoundHandler((request) => {
    throw notFound(request.url);
  });
  watchConnections(app.server);
  const checkRequest = syncHook(({ raw, routeOptions }, reply) => {
    checkHost(raw);
    checkTransferCoding(raw);
    limitBodyTime(raw);
    parts.wall(raw, reply.raw, routeOptions.url);
  });
  app.addHook('onRequest', checkRequest);
  // Before the body is looked at: here the path or the method is the fault.
  app.addHook('onRequest', (request, reply, done) => {
    const methods = routes.methodsOf(request.url);
    if (methods?.includes(request.method) === request.is404) return done(notFound(request.url));
    if (methods === undefined) return done(notFound(request.url));
    if (!request.is404) return done();
    const allow = [...methods, 'OPTIONS'].join(', ');
    if (request.method === 'OPTIONS') return void reply.header('allow', allow).send();
    const message = `${request.method} is not allowed here, but ${allow} are`;
    return done(new ApiError('method-not-allowed', message, { allow }));
  });
  app.addHook(
    'preValidation',
    syncHook(({ raw, body, routeOptions }) => {
      if (body === undefined && routeOptions.schema?.body !== undefined) checkContentType(raw);
    }),
  );
  limitInFlight(app, parts);
  cutWrites(app, parts);
  observeRequests(app, parts);

  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: parts.title, description: parts.description, version: parts.version },
      components: { securitySchemes: BEARER_SCHEME },
    },
  });
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) =>
    reply.type(JSON_TYPE).send(JSON.stringify(app.swagger())),
  );
  app.get('/health/live', { schema: { hide: true } }, async () => ({
    status: 'live',
    ...parts.identity,
  }));
  app.get('/health/ready', { schema: { hide: true } }, async (_request, reply) => {
    const troubled = parts.troubled?.() ?? [];
    const about = { ...parts.identity, ...(troubled.length === 0 ? {} : { troubled }) };
    const waiting = parts.notReady();
    if (waiting === undefined) return { status: 'ready', ...about };
    const { status, message, headers, code } = unavailable(`not ready: ${waiting}`);
    return reply
      .code(status)
      .headers({ ...headers, [ERROR_CODE_HEADER]: code })
      .type(JSON_TYPE)
      .send(JSON.stringify({ 'error-message': message, ...about }));
  });
  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
    reply.type(parts.metrics.registry.contentType).send(await parts.metrics.registry.metrics()),
  );
  return app;
};

/** Listens, and returns the address as a URL. Throws StartError when the port is taken. */
export const listen = async (
  app: FastifyInstance,
  host: string,
  port: number,
  variable: string,
): Promise<string> => {
  try {
    return await app.listen({ host, port, listenTextResolver: () => '' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new StartError(`port ${port} is taken: stop what uses it, or choose another with ${variable}=…`);
  }
};

/** Frees the place of a response that has one of another kind. */
export const leaveInFlight = (app: FastifyInstance, response: ServerResponse): void =>
  placesOf.get(app.server)?.leave(response);

const placesOf = new WeakMap<object, Places>();

const limitInFlight = (app: FastifyInstance, { inFlightMax, metrics }: ServerParts): void => {
  // What the other services ask for frees what clients wait for, so these do not stand in its way.
  const clients = createPlaces(inFlightMax, 'requests');
  const services = createPlaces(inFlightMax, 'requests');
  placesOf.set(app.server, clients);
  metrics.gauge('http_requests_in_flight', 'Requests being answered', [], (gauge) =>
    gauge.set(clients.taken() + services.taken()),
  );
  const count = syncHook((request, reply) => {
    if (!isOfTheApi(request)) return;
    const isService = request.routeOptions.url?.startsWith('/internal/') === true;
    (isService ? services : clients).enter(reply.raw);
  });
  app.addHook('onRequest', count);
};

const cutWrites = (app: FastifyInstance, { logger, metrics, writeWaitMs }: ServerParts): void => {
  const cuts = metrics.counter('http_writes_cut_total', 'Connections whose client did not take its answer');
  cutStuckWrites(
    app.server,
    (cut) => {
      cuts.inc();
      logger.warn(cut, 'a client did not take its answer in time; its connection is cut');
    },
    writeWaitMs,
  );
};

const observeRequests = (app: FastifyInstance, { logger, metrics }: ServerParts): void => {
  const duration = metrics.histogram('http_request_duration_seconds', 'Time to answer a request', [
    'method',
    'route',
    'status',
  ]);
  const observe = syncHook((request, reply) => {
    const route = request.is404 ? 'unknown' : (request.routeOptions.url ?? 'unknown');
    const status = reply.statusCode;
    duration.observe({ method: request.method, route, status }, reply.elapsedTime / 1000);
    if (!logger.isLevelEnabled('info')) return;
    const line = {
      method: request.method,
      url: request.url,
      status,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      commandId: reply.getHeader('x-command-id'),
    };
    if (route.startsWith('/health') || route === '/metrics' || route.startsWith('/internal'))
      logger.debug(line, 'request');
    else logger.info(line, 'request');
  });
  app.addHook('onResponse', observe);
};

/** By the route, not by the URL, which can be written in many ways. */
export const isOfTheApi = ({ routeOptions: { url } }: FastifyRequest): boolean =>
  url !== undefined && (url.startsWith('/api/') || url.startsWith('/internal/'));

const notFound = (url: string): ApiError =>
  new ApiError('not-found', `there is nothing at ${url.split('?', 1)[0]}`);

const sendError = (
  logger: Logger,
  reply: FastifyReply,
  error: FastifyError | ApiError | Error,
): FastifyReply => {
  const known = knownError(error);
  if (known.code === 'internal') logger.error({ err: error }, 'a request failed for a reason of our own');
  reply.code(known.status).headers(known.headers).header(ERROR_CODE_HEADER, known.code);
  return reply.type(JSON_TYPE).send(errorBody(known.message));
};

/** What Fastify found wrong with a request, in our list of errors. */
const knownError = (error: FastifyError | ApiError | Error): ApiError => {
  if (error instanceof ApiError) return error;
  const { code, statusCode } = error as FastifyError;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new ApiError('too-large', `the body is larger than ${BODY_MAX_BYTES} bytes`);
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new ApiError('unsupported-media-type', 'the content type must be application/json');
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new ApiError('bad-request', error.message);
  }
  return new ApiError('internal', 'something failed on our side; whether a write took effect is not known');
};
