/** CRUD and reads of one API: the table of docs/http.md, row by row. */
import { expect, test } from 'vitest';
import type { Api } from '../shared/domain/thing.ts';
import { call, type Answer } from './http-client.ts';
import { OTHER, TIMESTAMP, UUID, type HttpWorld } from './http-world.ts';

export const describeThings = (world: HttpWorld, api: Api): void => {
  const { base, created, expectError, idIn, post, shownEventually, url, versionIn } = world;

  test('creates a Thing at version 0, with its address', async () => {
    const answer = await post(api, { name: 'first', foo: 5 });
    const thing = answer.json;
    expect(Object.keys(thing)).toEqual(['id', 'name', 'foo', 'created_on', 'updated_on', 'version']);
    expect(thing).toMatchObject({
      name: 'first',
      foo: 5,
      version: versionIn(api, 0),
      id: idIn(api, thing.id),
    });
    expect(thing.created_on).toMatch(TIMESTAMP);
    expect(thing.updated_on).toBe(thing.created_on);
    expect(answer.headers).toMatchObject({ location: `/api/things/${thing.id}`, etag: '"0"' });
    expect(answer.headers['x-command-id']).toMatch(UUID);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    const read = await call('GET', `${url(api)}${answer.headers.location}`);
    expect(read.text).toBe(answer.text);
    await shownEventually(OTHER[api], thing.id, 0);
  });

  test('the paths work with and without the trailing slash', async () => {
    const { status, json } = await call('POST', base(api), { body: { name: 'a', foo: 1 } });
    expect(status).toBe(200);
    for (const path of [`${base(api)}/${json.id}`, `${base(api)}/${json.id}/`]) {
      expect((await call('GET', path)).status).toBe(200);
    }
    expect((await call('GET', base(api))).status).toBe(200);
    expect((await call('GET', `${base(api)}/`)).status).toBe(200);
  });

  test('updates by POST and PUT with the current version', async () => {
    const { id, created_on: createdOn } = await created(api);
    const one = await call('PUT', `${base(api)}/${id}`, { body: { name: 'b', foo: 2, version: 0 } });
    expect(one.json).toMatchObject({
      id: idIn(api, id),
      name: 'b',
      foo: 2,
      version: versionIn(api, 1),
      created_on: createdOn,
    });
    expect(one.headers.etag).toBe('"1"');
    const two = await call('POST', `${base(api)}/${id}/`, { body: { name: 'c', foo: 3, version: 1 } });
    expect(two.json).toMatchObject({ name: 'c', version: versionIn(api, 2) });
    expect((await call('GET', `${base(api)}/${id}`)).text).toBe(two.text);
    await shownEventually(OTHER[api], id, 2);
  });

  test('refuses another version with 409, which names the current one, and changes nothing', async () => {
    const { id } = await created(api);
    const before = await call('GET', `${base(api)}/${id}`);
    for (const version of [1, 7]) {
      const answer = await call('PUT', `${base(api)}/${id}`, { body: { name: 'b', foo: 2, version } });
      expectError(answer, 409, /version 0/);
      expect(answer.headers['x-command-id']).toMatch(UUID);
    }
    expectError(await call('DELETE', `${base(api)}/${id}?version=4`), 409, /version 0/);
    expect((await call('GET', `${base(api)}/${id}`)).text).toBe(before.text);
  });

  test('takes the version as If-Match, and refuses two that differ', async () => {
    const { id } = await created(api);
    const put = (body: object, ifMatch: string) =>
      call('PUT', `${base(api)}/${id}`, { body, headers: { 'if-match': ifMatch } });
    for (const bad of ['W/"0"', '"0", "1"', '*', '0', '"-1"', '"01"', '"9007199254740992"']) {
      expectError(await put({ name: 'b', foo: 2 }, bad), 400, /If-Match/);
    }
    expectError(await put({ name: 'b', foo: 2, version: 1 }, '"0"'), 400, /differ/);
    expectError(await call('PUT', `${base(api)}/${id}`, { body: { name: 'b', foo: 2 } }), 400, /version/);
    expect((await put({ name: 'b', foo: 2 }, '"0"')).json).toMatchObject({ version: versionIn(api, 1) });
    expect((await put({ name: 'c', foo: 2, version: 1 }, '"1"')).json).toMatchObject({
      version: versionIn(api, 2),
    });
  });

  test('deletes with If-Match or ?version=, and answers with the Thing as it was', async () => {
    for (const how of ['if-match', 'query']) {
      const thing = await created(api);
      const path = `${base(api)}/${thing.id}`;
      const gone = await (how === 'query'
        ? call('DELETE', `${path}?version=0`)
        : call('DELETE', path, { headers: { 'if-match': '"0"' } }));
      expect(gone.status).toBe(200);
      expect(gone.json).toEqual(thing);
      expectError(await call('GET', path), 404);
      expectError(await call('DELETE', `${path}?version=1`), 404);
      expectError(await call('PUT', path, { body: { name: 'b', foo: 2, version: 1 } }), 404);
      const list = (await call('GET', `${base(api)}/`)).json as { id: number | string }[];
      expect(list.map(({ id }) => id)).not.toContain(thing.id);
    }
  });

  test('a delete without a version is 428, with two that differ 400', async () => {
    const { id } = await created(api);
    expectError(await call('DELETE', `${base(api)}/${id}`), 428, /version/);
    expectError(
      await call('DELETE', `${base(api)}/${id}?version=1`, { headers: { 'if-match': '"0"' } }),
      400,
      /differ/,
    );
    for (const bad of [
      'version=',
      'version=x',
      'version=-1',
      'version=1.5',
      'version=0&version=0',
      'version=0&x=1',
      'version=00',
      'version=9007199254740992',
    ]) {
      expectError(await call('DELETE', `${base(api)}/${id}?${bad}`), 400);
    }
    expect((await call('GET', `${base(api)}/${id}`)).status).toBe(200);
  });

  test('answers reads with an ETag, and 304 by RFC 9110', async () => {
    const { id } = await created(api);
    const read = (ifNoneMatch?: string) =>
      call('GET', `${base(api)}/${id}`, {
        headers: ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch },
      });
    expect((await read()).headers.etag).toBe('"0"');
    for (const hit of ['"0"', 'W/"0"', '"7", "0"', '"7",W/"0"', '*']) {
      const answer = await read(hit);
      expect([answer.status, answer.text, answer.headers.etag]).toEqual([304, '', '"0"']);
    }
    for (const miss of ['"1"', '0', '']) expect((await read(miss)).status).toBe(200);
  });

  test('lists in id order, page by page', async () => {
    for (let index = 0; index < 5; index++) await created(api);
    const all = (await call('GET', `${base(api)}/`)).json as { id: number | string }[];
    const ids = all.map(({ id }) => Number(id));
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    const paged: number[] = [];
    let next: string | undefined = '/api/things/?limit=2';
    while (next !== undefined) {
      const page: Answer = await call('GET', `${url(api)}${next}`);
      expect(page.json.length).toBeLessThanOrEqual(2);
      paged.push(...page.json.map(({ id }: { id: number | string }) => Number(id)));
      next = /^<(.*)>; rel="next"$/.exec(page.headers.link?.toString() ?? '')?.[1];
    }
    expect(paged).toEqual(ids);
    const rest = (await call('GET', `${base(api)}/?after=${ids[1]}`)).json as { id: number | string }[];
    expect(rest.map(({ id }) => Number(id))).toEqual(ids.slice(2));
  });

  test('HEAD is served like GET, OPTIONS says what is allowed', async () => {
    const { id } = await created(api);
    const [head, get] = [await call('HEAD', `${base(api)}/${id}`), await call('GET', `${base(api)}/${id}`)];
    expect([head.status, head.text, head.headers.etag]).toEqual([200, '', '"0"']);
    expect(head.headers['content-length']).toBe(get.headers['content-length']);
    expect((await call('HEAD', `${base(api)}/`)).status).toBe(200);
    expect((await call('HEAD', `${base(api)}/4000000`)).status).toBe(404);
    for (const [path, methods] of [
      [`${base(api)}/`, ['GET', 'HEAD', 'OPTIONS', 'POST']],
      [`${base(api)}/${id}`, ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT']],
    ] as const) {
      const options = await call('OPTIONS', path);
      expect(options.status).toBe(200);
      expect(options.headers.allow?.split(', ').toSorted()).toEqual(methods);
    }
  });

  test('no-cache reads see what either API acknowledged before', async () => {
    for (const writer of ['original', 'shiny'] as const) {
      const { id } = await created(writer);
      for (let version = 0; version < 5; version++) {
        await call('PUT', `${base(writer)}/${id}`, { body: { name: 'b', foo: 2, version } });
        const read = await call('GET', `${base(api)}/${id}`, {
          headers: { 'cache-control': 'no-cache' },
        });
        expect(read.json.version).toEqual(versionIn(api, version + 1));
      }
      await call('DELETE', `${base(writer)}/${id}?version=5`);
      expectError(
        await call('GET', `${base(api)}/${id}`, { headers: { 'cache-control': 'max-age=0, No-Cache' } }),
        404,
      );
    }
    expect((await call('GET', `${base(api)}/`, { headers: { 'cache-control': 'no-cache' } })).status).toBe(
      200,
    );
  });

  test('own writes are visible to plain reads of the same API, through whichever master', async () => {
    const { id } = await created(api);
    for (let version = 0; version < 10; version++) {
      await call('PUT', `${base(api)}/${id}`, { body: { name: 'b', foo: 2, version } });
      expect((await call('GET', `${base(api)}/${id}`)).json.version).toEqual(versionIn(api, version + 1));
    }
  });

  test('a list without a limit, read with no-cache, shows what either API acknowledged before', async () => {
    for (const writer of ['original', 'shiny', 'original', 'shiny'] as const) {
      const { id } = await created(writer);
      const list = await call('GET', `${base(api)}/`, { headers: { 'cache-control': 'no-cache' } });
      expect(list.json.map((thing: { id: number | string }) => String(thing.id))).toContain(String(id));
    }
  });

  test('health, metrics and an OpenAPI document that describes these routes', async () => {
    expect((await call('GET', `${url(api)}/health/live`)).status).toBe(200);
    expect((await call('GET', `${url(api)}/health/ready`)).json).toMatchObject({ status: 'ready' });
    const { text } = await call('GET', `${url(api)}/metrics`);
    expect(text).toMatch(/http_request_duration_seconds_bucket\{[^}]*route="\/api\/things\/:id"/);
    const { json } = await call('GET', `${url(api)}/openapi.json`);
    expect(json.openapi).toBe('3.1.0');
    expect(Object.keys(json.paths['/api/things/{id}'])).toEqual(
      expect.arrayContaining(['get', 'post', 'put', 'delete']),
    );
    const { foo } = json.paths['/api/things/'].post.requestBody.content['application/json'].schema.properties;
    expect(foo.type).toBe(api === 'shiny' ? 'number' : 'integer');
    const { get, put } = json.paths['/api/things/{id}'];
    expect(Object.keys(get.responses)).toEqual(['200', '304', '400', '403', '404', '421', '503']);
    expect(get.responses['200'].headers).toHaveProperty('etag');
    expect(put.parameters.map((parameter: { name: string }) => parameter.name)).toEqual(
      expect.arrayContaining(['id', 'Idempotency-Key', 'If-Match']),
    );
    expect(Object.keys(put.responses)).toContain(api === 'shiny' ? '202' : '409');
  });
};
