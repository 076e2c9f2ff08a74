/** The API token on the real processes, listening beyond loopback. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { call, callRaw } from './http-client.ts';
import { startPlayground, type Playground } from './playground.ts';
import { createThing, expectRefused, run, temporaryFolder } from './wall-runs.ts';

const TOKEN = 'the-token-of-this-test';

describe('with a token, on all addresses', () => {
  let on: Playground;
  const bearer = { authorization: `Bearer ${TOKEN}` };
  beforeAll(async () => {
    const file = join(temporaryFolder(), 'token');
    writeFileSync(file, `${TOKEN}\n`);
    chmodSync(file, 0o600);
    on = await startPlayground({
      master: 'shiny',
      stack: inject('stack'),
      env: {
        API_TOKEN_FILE: file,
        ORIGINAL_HOST: '0.0.0.0',
        SHINY_HOST: '0.0.0.0',
        UPDATER_HOST: '0.0.0.0',
        ALLOWED_HOSTS: 'playground.example',
        ALLOWED_ORIGINS: 'https://admin.example',
        LOG_LEVEL: 'debug',
      },
    });
  });
  afterAll(() => on.stop());

  test('writes and switches need it, reads do not', async () => {
    for (const url of [on.original, on.shiny]) {
      const wrong: Record<string, string>[] = [{}, { authorization: 'Bearer something-else-here' }];
      for (const headers of wrong) {
        const refused = await createThing(url, headers);
        expectRefused(refused, 401, 'unauthorized');
        expect(refused.headers['www-authenticate']).toMatch(/^Bearer/);
        expectRefused(
          await call('DELETE', `${url}/api/things/1?version=0`, { headers }),
          401,
          'unauthorized',
        );
      }
      const { status, json } = await createThing(url, bearer);
      expect(status).toBe(200);
      expect((await call('GET', `${url}/api/things/${json.id}`)).status).toBe(200);
    }
    const body = { to: 'original' };
    expectRefused(await call('POST', `${on.updater}/api/switches`, { body }), 401, 'unauthorized');
    const switched = await call('POST', `${on.updater}/api/switches`, { body, headers: bearer });
    expect(switched.status, switched.text).toBe(200);
    // Through Original to the log and back: the services know each other.
    expect((await createThing(on.shiny, bearer)).status).toBe(200);
  });

  test('is asked for before the body is there', async () => {
    const head = `POST /api/things/ HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 60000\r\n\r\n`;
    expect(await callRaw(on.original, head)).toMatch(/^HTTP\/1\.1 401 [^]*www-authenticate: Bearer/i);
  });

  test('hosts and origins that are allowed pass', async () => {
    const headers = { host: 'playground.example', origin: 'https://admin.example' };
    expect((await call('GET', `${on.shiny}/api/things/`, { headers })).status).toBe(200);
    expect((await createThing(on.shiny, { ...headers, ...bearer })).status).toBe(200);
  });

  test('the command line sends it', async () => {
    const urls = { ORIGINAL_URL: on.original, SHINY_URL: on.shiny, UPDATER_URL: on.updater };
    const env = { ...on.env, ...urls };
    const args = ['master', 'switch', '--to', 'shiny', '--partitions', '0', '--yes', '--json'];
    const without = await run('scripts/cli/main.ts', args, { ...env, API_TOKEN_FILE: '' });
    expect([without.status, without.out]).toEqual([1, expect.stringContaining('API token')]);
    const { status, out } = await run('scripts/cli/main.ts', args, env);
    expect([status, out]).toEqual([0, expect.stringContaining('"to"')]);
    const load = ['load', '--for', '1s', '--rate', '20', '--json'];
    const loaded = await run('scripts/cli/main.ts', load, env);
    expect(loaded.status, loaded.out).toBe(0);
    expect(JSON.parse(loaded.out.trim().split('\n').at(-1)!)).toMatchObject({ refused: 0, unknown: 0 });
  });

  test('no secret is in a log, a metric or a document', async () => {
    const texts = [
      on.lines.join('\n'),
      ...(await Promise.all(
        [on.original, on.shiny, on.updater].flatMap((url) =>
          ['/metrics', '/openapi.json'].map(async (path) => (await call('GET', `${url}${path}`)).text),
        ),
      )),
    ];
    for (const secret of [TOKEN, on.env['INTERNAL_SECRET']!])
      for (const text of texts) expect(text.includes(secret)).toBe(false);
  });

  test('the documents say where the token is needed', async () => {
    for (const [url, path] of [
      [on.original, '/api/things/'],
      [on.shiny, '/api/things/'],
      [on.updater, '/api/switches'],
    ] as const) {
      const { json } = await call('GET', `${url}/openapi.json`);
      expect(json.components.securitySchemes.bearer).toMatchObject({ type: 'http', scheme: 'bearer' });
      const { post } = json.paths[path];
      expect(post.security).toEqual([{ bearer: [] }, {}]);
      expect(Object.keys(post.responses)).toEqual(expect.arrayContaining(['401', '403', '421']));
    }
  });
});
