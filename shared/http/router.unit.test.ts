import fc from 'fast-check';
import { Agent, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { silentLogger } from '../process/logger.ts';
import { createMetrics } from '../process/metrics.ts';
import { routedPath } from './request-path.ts';
import type { Method, Route } from './route.ts';
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
});
