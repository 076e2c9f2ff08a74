import fc from 'fast-check';
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { Type } from 'typebox';
import { describe, expect, test, vi } from 'vitest';
import { silentLogger } from '../process/logger.ts';
import { createMetrics } from '../process/metrics.ts';
import { routedPath } from './request-path.ts';
import type { Method, Route } from './route.ts';
import { ApiError } from './errors.ts';
import { createServer, type ServerParts } from './server.ts';

const LISTS =
  '/api/things /api/things/ /api/things?limit=1 /api/things/?x=/../y /api/things#x /%61pi/things /api/thing%73/ ' +
  '/%61%70%69/%74hings http://x/api/things https://x:1/api/things/';
const ONES = '/api/things/1 /api/things/%31/ /api/things/1%2F /api/things/%2531 /api/things/...';
const NOTHING =
  '/ * // //api/things /api//things /api/things// /api/things/1// /api/things/1/2 /api/./things /./api/things ' +
  '/api/x/../things/ /api/things/. /api/things/.. /api/things/1/.. /api/%2e/things /api/x/%2e%2E/things/ ' +
  '/api/.%2e/api/things /api/things/%2e%2e /api/things/%2E/ /api/things%2f1 /api%2Fthings /%2fapi/things /api\\things ' +
  '/api/things;x /API/things /%2561pi/things /api/things% /api/things/%zz /api/things/%ff /api/things%00 /api/%2574hings ' +
  'http://x http://x/ http:///api/thing ftp://x/api/things api/things';

test.each(LISTS.split(' '))('%s is the list', (target) => {
  expect(routedPath(target)).toBe('/api/things');
});
test.each(ONES.split(' '))('%s is of one Thing', (target) => {
  expect(routedPath(target)).toMatch(/^\/api\/things\/[^/]+$/);
});
test.each(NOTHING.split(' '))('%s is nothing', (target) => {
  expect(routedPath(target) ?? '').not.toMatch(/^\/api\/things(\/[^/]+)?$/);
});

const serverParts = (): ServerParts => ({
  title: '',
  description: '',
  version: '',
  logger: silentLogger(),
  metrics: createMetrics('test'),
  inFlightMax: 10,
  notReady: () => undefined,
  wall: () => undefined,
});

describe('the server', () => {
  const start = async () => {
    const route = (method: Method, path: string): Route => ({ method, path, schema: {}, handle: () => ({}) });
    const app = createServer(serverParts(), [
      route('GET', '/api/things/'),
      route('DELETE', '/api/things/'),
      route('GET', '/api/things/:id'),
      route('GET', '/api/commands/:id'),
    ]);
    await app.listen('127.0.0.1', 0, 'PORT');
    return app;
  };

  test('whatever the target: GET is 200, or GET is 404 and so is every method', async () => {
    const app = await start();
    const [agent, { port }] = [new Agent({ keepAlive: true }), app.server.address() as AddressInfo];
    const send = (method: string, path: string): Promise<IncomingMessage> =>
      new Promise((resolve, reject) => {
        request({ method, path, port, host: '127.0.0.1', agent }, (answer) => resolve(answer.resume()))
          .on('error', reject)
          .end();
      });
    const pieces =
      '/ / // . .. %2e %2E%2e %2f %2F %5c \\ %25 %2561 %61 a api %61pi things thing%73 commands 1 %31 ; %3f ? # %zz %00 ~ ' +
      '%7e /api/things /api/things/ /api/commands/';
    const part = fc.constantFrom(...pieces.split(' '));
    const target = fc.array(part, { maxLength: 6 }).map((parts) => `/${parts.join('')}`);
    await fc.assert(
      fc.asyncProperty(target, async (url) => {
        const ask = async (method: string) => {
          const { statusCode, headers } = await send(method, url);
          return { statusCode, allow: headers['allow'] };
        };
        const [get, patch, options] = [await ask('GET'), await ask('PATCH'), await ask('OPTIONS')];
        const outcome = [get, patch, options].map(({ statusCode }) => statusCode);
        expect([
          [200, 405, 200],
          [404, 404, 404],
        ]).toContainEqual(outcome);
        if (patch.statusCode === 405) {
          expect(patch.allow).toMatch(/GET/);
          expect(options.allow).toBe(patch.allow);
        }
      }),
      { numRuns: 300 },
    );
    agent.destroy();
    await app.close();
  });

  test('stops as soon as the requests under way are answered, though their connections are kept', async () => {
    const { promise: answered, resolve: answer } = Promise.withResolvers<object>();
    const app = createServer(serverParts(), [
      { method: 'GET', path: '/api/slow', schema: {}, handle: () => answered },
    ]);
    const address = await app.listen('127.0.0.1', 0, 'PORT');
    const agent = new Agent({ keepAlive: true });
    const status = new Promise((resolve, reject) => {
      request(`${address}/api/slow`, { agent }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode));
      })
        .on('error', reject)
        .end();
    });
    await vi.waitFor(async () =>
      expect(await promisify(app.server.getConnections.bind(app.server))()).toBe(1),
    );
    const closed = app.close();
    answer({});
    expect(await status).toBe(200);
    await closed;
    agent.destroy();
  });

  /** With one route, of a handler. */
  const startOne = async (handle: Route['handle'], parts = serverParts()) => {
    const schema = { query: Type.Object({}, { additionalProperties: false }) };
    const app = createServer(parts, [{ method: 'POST', path: '/api/one', schema, handle }]);
    return { app, address: await app.listen('127.0.0.1', 0, 'PORT') };
  };
  const post = (url: string) =>
    fetch(url, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } });

  test('a query of thousands of parameters is refused as fast as a short one, none of them unseen', async () => {
    const { app, address } = await startOne(() => ({}));
    const began = performance.now();
    const answer = await post(`${address}/api/one?${'a&'.repeat(7_000)}b`);
    expect([answer.status, await answer.text()]).toEqual([
      400,
      expect.stringMatching(/\\"a\\" .*\\"b\\" is not a query/),
    ]);
    // Where each parameter is looked for among all, it takes seconds.
    expect(performance.now() - began).toBeLessThan(1_000);
    await app.close();
  });

  test('an error carries no header of the answer that it takes the place of', async () => {
    const { app, address } = await startOne((context) => {
      context.set({ etag: '"1"', link: '<x>; rel="next"', 'x-kept': '1' });
      throw new ApiError('unavailable', 'not now');
    });
    const { status, headers } = await post(`${address}/api/one`);
    const given = ['etag', 'link', 'x-kept'].map((name) => headers.get(name));
    expect([status, ...given]).toEqual([503, null, null, '1']);
    await app.close();
  });

  test('a handler that sends nothing is a fault of ours', async () => {
    const { app, address } = await startOne(() => undefined);
    expect((await post(`${address}/api/one`)).status).toBe(500);
    await app.close();
  });

  test('a client that leaves in the middle of its body is counted as unanswered', async () => {
    const parts = serverParts();
    const { app, address } = await startOne(() => ({}), parts);
    const socket = connect(Number(new URL(address).port), '127.0.0.1');
    socket.write('POST /api/one HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n{');
    await vi.waitFor(async () =>
      expect(await parts.metrics.registry.metrics()).toMatch(/http_requests_in_flight\{[^}]*\} 1/),
    );
    socket.destroy();
    await vi.waitFor(async () =>
      expect(await parts.metrics.registry.metrics()).toMatch(
        /_count\{[^}]*route="\/api\/one",status="499"\} 1/,
      ),
    );
    await app.close();
  });

  test('stops though connections are open that have not sent a whole head', async () => {
    const { app, address } = await startOne(() => ({}));
    const sockets = ['', 'GET / HT'].map((text) => {
      const socket = connect(Number(new URL(address).port), '127.0.0.1');
      if (text !== '') socket.write(text);
      return once(socket, 'close');
    });
    await vi.waitFor(async () =>
      expect(await promisify(app.server.getConnections.bind(app.server))()).toBe(sockets.length),
    );
    await app.close();
    await Promise.all(sockets);
  });
});
