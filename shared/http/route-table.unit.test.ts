import fc from 'fast-check';
import { Agent, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { silentLogger } from '../process/logger.ts';
import { createMetrics } from '../process/metrics.ts';
import { createRouteTable } from './route-table.ts';
import { createServer } from './server.ts';

const table = createRouteTable();
table.add('/api/things/', ['GET', 'HEAD']);
table.add('/api/things/', 'POST');
table.add('/api/things/:id', 'GET');
table.add('/health/live', 'GET');

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
  expect(table.methodsOf(target)).toEqual(['GET', 'HEAD', 'POST']);
});
test.each(ONES.split(' '))('%s is of one Thing', (target) => {
  expect(table.methodsOf(target)).toEqual(['GET']);
});
test.each(NOTHING.split(' '))('%s is nothing', (target) => {
  expect(table.methodsOf(target)).toBeUndefined();
});

describe('the server', () => {
  const start = async () => {
    const app = await createServer({
      title: '',
      description: '',
      version: '',
      logger: silentLogger(),
      metrics: createMetrics('test'),
      inFlightMax: 10,
      notReady: () => undefined,
      wall: () => undefined,
    });
    app.get('/api/things/', async () => ({}));
    app.post('/api/things/', async () => ({}));
    app.get('/api/things/:id', async () => ({}));
    app.get('/api/commands/:id', async () => ({}));
    await app.listen({ port: 0, host: '127.0.0.1' });
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
});
