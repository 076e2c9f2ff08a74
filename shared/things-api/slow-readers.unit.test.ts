/** Clients that do not read, against a real server with the routes of Things and more of them than any buffer holds. */
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { silentLogger } from '../process/logger.ts';
import { createMetrics, type Metrics } from '../process/metrics.ts';
import { systemTime } from '../process/time.ts';
import { createServer, type HttpServer } from '../http/server.ts';
import type { ThingsBackend } from './things-backend.ts';
import { thingsRoutes } from './things-routes.ts';

const THINGS = 1_000_000;
const NAME = 'x'.repeat(1_000);
const LISTS_MAX = 3;
const IN_FLIGHT_MAX = 4;

let app: HttpServer;
let metrics: Metrics;
let sockets: Socket[] = [];
let lastRead = 0;

const rows = (after: number, limit: number) => {
  const found = Array.from({ length: Math.min(limit, THINGS - after) }, (_, index) => ({
    id: after + index + 1,
    json: JSON.stringify({ id: after + index + 1, name: NAME }),
  }));
  lastRead = Math.max(lastRead, found.at(-1)?.id ?? 0);
  return found;
};
const start = async (writeWaitMs?: number): Promise<void> => {
  metrics = createMetrics('test');
  const backend = { things: rows, caughtUp: async () => undefined } as Partial<ThingsBackend>;
  app = createServer(
    {
      title: '',
      description: '',
      version: '',
      logger: silentLogger(),
      metrics,
      inFlightMax: IN_FLIGHT_MAX,
      notReady: () => undefined,
      wall: () => undefined,
      ...(writeWaitMs === undefined ? {} : { writeWaitMs }),
    },
    thingsRoutes({
      api: 'shiny',
      backend: backend as ThingsBackend,
      logger: silentLogger(),
      time: systemTime,
      unlimitedListsMax: LISTS_MAX,
    }),
  );
  lastRead = 0;
  await app.listen('127.0.0.1', 0, 'PORT');
};
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await app.close();
});

const { port } = { port: () => (app.server.address() as AddressInfo).port };
const url = (path: string): string => `http://127.0.0.1:${port()}${path}`;
/** Asks, and reads nothing. */
const readSlowly = (path: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port: port(), host: '127.0.0.1' }, () => {
      socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`, () => resolve(socket));
    });
    socket.pause().on('error', reject);
    sockets.push(socket);
  });
const valueOf = async (name: string): Promise<number> => {
  const metric = await metrics.registry.getSingleMetric(name)!.get();
  return metric.values[0]!.value;
};

test('lists without a limit have slots of their own: one more is 503, and everything else is served', async () => {
  await start();
  await Promise.all(Array.from({ length: LISTS_MAX }, () => readSlowly('/api/things/')));
  await vi.waitFor(async () => expect((await fetch(url('/api/things/'))).status).toBe(503));
  const refused = await fetch(url('/api/things/'));
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  expect(await refused.json()).toEqual({ 'error-message': expect.stringMatching(/3 lists without a limit/) });
  expect(await valueOf('http_requests_in_flight')).toBe(0);
  const page = await fetch(url('/api/things/?limit=1000'));
  expect([page.status, page.headers.get('link')]).toEqual([
    200,
    '</api/things/?limit=1000&after=1000>; rel="next"',
  ]);
  expect(await page.json()).toHaveLength(1_000);

  sockets[0]!.destroy();
  await vi.waitFor(async () => {
    const again = await fetch(url('/api/things/'));
    await again.body!.cancel();
    expect(again.status).toBe(200);
  });
});

test('what a client does not take is not read', async () => {
  await start();
  await readSlowly('/api/things/');
  // Until the kernel's buffers are full.
  let before = -1;
  await vi.waitFor(
    () => {
      const unchanged = lastRead > 0 && lastRead === before;
      before = lastRead;
      expect(unchanged).toBe(true);
    },
    { interval: 100, timeout: 10_000 },
  );
  expect(lastRead).toBeLessThan(THINGS / 10);
});

test('a client that takes nothing is cut off and counted, one that reads gets the whole list', async () => {
  await start(500);
  const stuck = await Promise.all([readSlowly('/api/things/'), readSlowly('/api/things/')]);
  await vi.waitFor(async () => expect(await valueOf('http_writes_cut_total')).toBe(2), { timeout: 5_000 });
  const ends = stuck.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
  for (const socket of stuck) socket.on('error', () => undefined).resume();
  await Promise.all(ends);

  const whole = await fetch(url(`/api/things/?after=${THINGS - 20_000}`));
  expect(await whole.json()).toHaveLength(20_000);
  expect(await valueOf('http_writes_cut_total')).toBe(2);
});

test('a HEAD of a list reads nothing of it', async () => {
  await start();
  const { status } = await fetch(url('/api/things/'), { method: 'HEAD' });
  expect([status, lastRead]).toEqual([200, 0]);
});
