/**
 * The HTTP server that all three services share: limits, errors in one shape, health, metrics, the OpenAPI document,
 * one log line per request. It knows no route of its own but these.
 */
import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa, { type Context, type Middleware } from 'koa';
import { StartError } from '../process/lifecycle.ts';
import type { Logger } from '../process/logger.ts';
import type { Metrics } from '../process/metrics.ts';
import {
  answerConnectionFault,
  checkHost,
  checkTransferCoding,
  CONNECTION_LIMITS,
  limitBodyTime,
  watchConnections,
  type WatchedConnections,
} from './connection-faults.ts';
import { sendError } from './error-reply.ts';
import { ERROR_CODE_HEADER, unavailable } from './errors.ts';
import { createSlots, setSlots } from './in-flight.ts';
import { openApiDocument } from './openapi-document.ts';
import { createReadyAnswers } from './ready-answers.ts';
import { requestObserver, type ObserveRequest } from './request-log.ts';
import { routedPath } from './request-path.ts';
import type { Route } from './route.ts';
import { createRouter, nothingAt } from './router.ts';
import { cutStuckWrites } from './write-timeout.ts';
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
  /** Requests under /api are refused with 503 until the service is ready. */
  readonly refusesUntilReady?: boolean;
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

export interface HttpServer {
  readonly server: Server;
  /** Resolves to the address, as a URL. Throws StartError when the port is taken; `variable` moves it. */
  listen(host: string, port: number, variable: string): Promise<string>;
  /** Takes no more connections, and resolves when the requests under way are answered. */
  close(): Promise<void>;
}

/** Longer than clients and proxies keep an idle connection, so that they close it, and no request meets a closing one. */
const KEEP_ALIVE_MS = 72_000;

export const createServer = (parts: ServerParts, routes: readonly Route[]): HttpServer => {
  const { logger } = parts;
  const koa = new Koa();
  const all = [...routes, ...operationRoutes(parts, routes)];
  const observe = requestObserver(logger, parts.metrics);
  const { clients, admit, refuses } = admission(parts);
  const layers = [outermost(logger, observe), checkHead(parts), ...createRouter(all, admit)];
  for (const layer of layers) koa.use(layer);
  koa.on('error', (error: NodeJS.ErrnoException) =>
    logger[BROKEN.has(error.code) ? 'debug' : 'error']({ err: error }, 'an answer could not be sent'),
  );
  const server = createHttpServer({ ...CONNECTION_LIMITS, keepAliveTimeout: KEEP_ALIVE_MS });
  const connections = watchConnections(server);
  server.on('clientError', answerConnectionFault);
  cutWrites(server, parts);
  const answerIfReady = createReadyAnswers(routes, { wall: parts.wall, observe, slots: clients, refuses });
  const handle = koa.callback();
  server.on('request', (request, response) => {
    // A connection that is kept would keep the process.
    if (!server.listening) response.setHeader('connection', 'close');
    response.once('close', () => server.listening || setImmediate(() => server.closeIdleConnections()));
    if (!answerIfReady(request, response)) void handle(request, response);
  });
  return {
    server,
    listen: (...address) => listen(server, ...address),
    close: () => close(server, connections),
  };
};

/** Codes of connections that their client has left. */
const BROKEN: ReadonlySet<string | undefined> = new Set([
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

/** Errors, the log line and the metrics of every request that ready-answers.ts leaves to koa. */
const outermost =
  (logger: Logger, observe: ObserveRequest): Middleware =>
  async (context, next) => {
    observe(context.req, context.res, () => context.state['route'] as string | undefined);
    try {
      await next();
    } catch (error) {
      sendError(logger, context, error);
    }
  };

/** What the head of a request must pass, before it is looked at which route it is for. */
const checkHead =
  ({ wall }: ServerParts): Middleware =>
  (context, next) => {
    const { req, res, originalUrl } = context;
    const path = routedPath(originalUrl);
    checkHost(req);
    checkTransferCoding(req);
    limitBodyTime(req);
    wall(req, res, path);
    if (path === undefined) throw nothingAt(originalUrl);
    context.path = path;
    return next();
  };

/** A request that a route takes gets a slot, if there is one, and if the service may serve it. */
const admission = ({ inFlightMax, metrics, notReady, refusesUntilReady }: ServerParts) => {
  // Separate slots: requests of other services complete what clients wait for, so clients must not block them.
  const clients = createSlots(inFlightMax, 'requests');
  const services = createSlots(inFlightMax, 'requests');
  metrics.gauge('http_requests_in_flight', 'Requests being answered', [], (gauge) =>
    gauge.set(clients.taken() + services.taken()),
  );
  const waiting = (): string | undefined => (refusesUntilReady === true ? notReady() : undefined);
  const admit = (context: Context, { path }: Route): void => {
    // The pattern, for the log line and the metrics.
    context.state['route'] = path;
    const isService = path.startsWith('/internal/');
    if (!isService && !path.startsWith('/api/')) return;
    const slots = isService ? services : clients;
    slots.enter(context.res);
    setSlots(context.res, slots);
    const reason = waiting();
    if (reason !== undefined) throw unavailable(`not ready: ${reason}`);
  };
  return { clients, admit, refuses: () => waiting() !== undefined };
};

const operationRoutes = (parts: ServerParts, routes: readonly Route[]): Route[] => {
  const document = JSON.stringify(openApiDocument(parts, routes));
  const get = (path: string, handle: Route['handle']): Route => ({ method: 'GET', path, schema: {}, handle });
  return [
    get('/openapi.json', () => document),
    get('/health/live', () => ({ status: 'live', ...parts.identity })),
    get('/health/ready', (context) => {
      const troubled = parts.troubled?.() ?? [];
      const about = { ...parts.identity, ...(troubled.length === 0 ? {} : { troubled }) };
      const waiting = parts.notReady();
      if (waiting === undefined) return { status: 'ready', ...about };
      const { status, message, headers, code } = unavailable(`not ready: ${waiting}`);
      context.set({ ...headers, [ERROR_CODE_HEADER]: code });
      context.status = status;
      return { 'error-message': message, ...about };
    }),
    get('/metrics', async ({ response }) => {
      const { registry } = parts.metrics;
      response.set('content-type', registry.contentType);
      response.body = await registry.metrics();
    }),
  ];
};

const listen = (server: Server, host: string, port: number, variable: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      const isTaken = error.code === 'EADDRINUSE';
      reject(
        isTaken
          ? new StartError(`port ${port} is taken: stop what uses it, or choose another with ${variable}=…`)
          : error,
      );
    };
    server.once('error', failed);
    server.listen({ host, port }, () => {
      server.off('error', failed);
      const { address, family, port: given } = server.address() as AddressInfo;
      resolve(`http://${family === 'IPv6' ? `[${address}]` : address}:${given}`);
    });
  });

const close = (server: Server, connections: WatchedConnections): Promise<void> =>
  new Promise((resolve) => {
    if (!server.listening) return resolve();
    server.close(() => resolve());
    connections.endUnused();
  });

const cutWrites = (server: Server, { logger, metrics, writeWaitMs }: ServerParts): void => {
  const cuts = metrics.counter('http_writes_cut_total', 'Connections whose client did not take its answer');
  cutStuckWrites(
    server,
    (cut) => {
      cuts.inc();
      logger.warn(cut, 'a client did not take its answer in time; its connection is cut');
    },
    writeWaitMs,
  );
};
