/** A Thing whose JSON is ready, over raw sockets: bytes, log lines and metrics are those that koa's layers make. */
import fc from 'fast-check';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createServer, type HttpServer } from '../http/server.ts';
import { createWall } from '../http/wall.ts';
import { createMetrics, type Metrics } from '../process/metrics.ts';
import { systemTime } from '../process/time.ts';
import type { ThingsBackend, ThingView } from './things-backend.ts';
import { thingsRoutes } from './things-routes.ts';

interface Side {
  readonly app: HttpServer;
  readonly metrics: Metrics;
  readonly lines: Record<string, unknown>[];
}

const THING: ThingView = { version: 3, json: '{"id":"7","name":"ä"}' };
const thing = (id: number): ThingView | undefined => (id === 7 ? THING : undefined);
let readyAsked = 0;
let notReady: string | undefined;

const backend = (isReady: boolean): ThingsBackend => ({
  write: () => Promise.reject(new Error('nobody writes')),
  thing,
  ...(isReady && {
    readyThing: (id) => {
      readyAsked++;
      return thing(id);
    },
  }),
  things: () => [],
  caughtUp: () => Promise.resolve(),
});

const startSide = async (isReady: boolean): Promise<Side> => {
  const lines: Record<string, unknown>[] = [];
  const sink = new PassThrough().on('data', (line: Buffer) => {
    const { msg, method, url, status } = JSON.parse(line.toString()) as Record<string, unknown>;
    lines.push({ msg, method, url, status });
  });
  const logger = pino({ level: 'info' }, sink);
  const metrics = createMetrics('test');
  const app = createServer(
    {
      title: '',
      description: '',
      version: '',
      logger,
      metrics,
      inFlightMax: 3,
      notReady: () => notReady,
      refusesUntilReady: true,
      wall: createWall({
        listenHost: '127.0.0.1',
        allowedHosts: [],
        allowedOrigins: [],
        apiToken: 'only writes need it',
      }),
    },
    thingsRoutes({ api: 'shiny', backend: backend(isReady), logger, time: systemTime }),
  );
  await app.listen('127.0.0.1', 0, 'PORT');
  return { app, metrics, lines };
};

let sides: Side[];
beforeAll(async () => {
  sides = [await startSide(true), await startSide(false)];
});
afterAll(async () => {
  for (const { app } of sides) await app.close();
});

/** Everything that the server sends until it ends the connection, without the time of day. */
const exchange = async ({ app }: Side, bytes: string): Promise<string> => {
  const socket = connect({ port: (app.server.address() as AddressInfo).port, host: '127.0.0.1' });
  socket.end(bytes, 'latin1');
  const received = text(socket);
  await once(socket, 'close');
  return (await received).replaceAll(/^date: .*$/gim, 'date: now');
};
const requestText = (method: string, target: string, headers: readonly string[]): string =>
  [`${method} ${target} HTTP/1.1`, ...headers, '', ''].join('\r\n');

const observations = async ({ metrics }: Side): Promise<string[]> =>
  (await metrics.registry.metrics())
    .split('\n')
    .filter((line) => line.startsWith('http_request_duration_seconds_count'))
    .toSorted();

const expectSame = async (bytes: string): Promise<string> => {
  const [fast, plain] = [await exchange(sides[0]!, bytes), await exchange(sides[1]!, bytes)];
  expect(headerSet(fast), bytes).toEqual(headerSet(plain));
  return fast;
};
/** Headers may come in any order. */
const headerSet = (received: string): string[][] =>
  received.split('\r\n\r\n').map((part) => part.toLowerCase().split('\r\n').toSorted());

const HOST = 'Host: 127.0.0.1';
const HEADERS = [
  'Host: evil.example',
  'Host: a b',
  'Origin: http://evil.example',
  'Sec-Fetch-Site: cross-site',
  'If-None-Match: "3"',
  'If-None-Match: W/"2", "3"',
  'If-None-Match: *',
  'If-None-Match: "4"',
  'If-Match: "9"',
  'Cache-Control: no-cache',
  'Cache-Control: max-age=0',
  'Connection: close',
  'Connection: keep-alive',
  'Content-Length: 0',
  'Expect: 100-continue',
  'Range: bytes=0-1',
  'Accept: text/html',
  'Authorization: Bearer x',
];
/** What follows is a body, which does not come. */
const BODY_HEADERS = ['Content-Length: 2', 'Transfer-Encoding: chunked', 'Transfer-Encoding: gzip'];
const TARGETS =
  '/api/things/7 /api/things/7/ /api/things/8 /api/things/07 /api/things/7e0 /api/things/%37 /api/things/7?x=1 /api/things/ ' +
  '/api/things//7 /api/./things/7 http://127.0.0.1/api/things/7 http://evil.example/api/things/7 /api/things/7#a /API/things/7';

test('any request gets the same answer with ready JSON and without, and leaves the same behind', async () => {
  const requestWith = (headers: readonly string[]) =>
    fc
      .tuple(
        fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'OPTIONS', 'PATCH'),
        fc.oneof(fc.constant('/api/things/7'), fc.constantFrom(...TARGETS.split(' '))),
        fc.subarray([...headers], { maxLength: 3 }),
        fc.integer({ min: 0, max: 9 }),
      )
      .map(([method, target, some, number]) =>
        requestText(method, target, number > 0 ? [HOST, ...some] : some),
      );
  const pipelined = fc.array(requestWith(HEADERS), { minLength: 1, maxLength: 3 });
  const texts = fc.oneof(
    requestWith([...HEADERS, ...BODY_HEADERS]),
    pipelined.map((all) => all.join('')),
  );
  const property = fc.asyncProperty(texts, async (bytes) => {
    await expectSame(bytes);
  });
  await fc.assert(property, { numRuns: 400 });
  expect(readyAsked).toBeGreaterThan(50);
  expect(await observations(sides[0]!)).toEqual(await observations(sides[1]!));
  expect(sides[0]!.lines).toEqual(sides[1]!.lines);
  expect(sides[0]!.lines.length).toBeGreaterThan(200);
}, 60_000);

test('a service that is not ready refuses it', async () => {
  notReady = 'the view is behind';
  const answer = await expectSame(requestText('GET', '/api/things/7', [HOST]));
  notReady = undefined;
  expect(answer).toMatch(/^HTTP\/1.1 503 .*not ready: the view is behind/s);
});

test('it takes a slot, and is refused when there is none', async () => {
  // Pipelined: all are taken before the first is sent.
  const many = requestText('GET', '/api/things/7', [HOST]).repeat(50);
  const answers = await expectSame(many);
  expect(answers.match(/HTTP\/1.1 200 /g)).toHaveLength(3);
  expect(answers.match(/HTTP\/1.1 503 /g)).toHaveLength(47);
});
