/**
 * What both APIs do over HTTP, whoever is master: the table of docs/http.md, row by row. Run on the real processes and on the
 * embedded mode.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Owner } from '../shared/domain/thing.ts';
import { call, callRaw, eventually, type Answer, type CallOptions } from './http-client.ts';
import type { Playground } from './playground.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const OTHER: Record<Owner, Owner> = { original: 'shiny', shiny: 'original' };

export const describeHttp = (
  name: string,
  master: Owner,
  start: (master: Owner) => Promise<Playground>,
): void => {
  describe(`${name}, ${master} is master`, () => {
    let playground: Playground;
    beforeAll(async () => {
      playground = await start(master);
    });
    afterAll(async () => {
      await playground.stop();
    });
    const base = (api: Owner): string => `${playground[api]}/api/things`;
    const post = (api: Owner, body: unknown, headers: CallOptions['headers'] = {}): Promise<Answer> =>
      call('POST', `${base(api)}/`, { body, headers });
    const created = async (api: Owner, body: object = { name: 'a', foo: 1 }): Promise<Answer['json']> => {
      const answer = await post(api, body);
      expect(answer.status, answer.text).toBe(200);
      return answer.json;
    };
    const expectError = (answer: Answer, status: number, message: RegExp | string = /./): void => {
      expect(answer.status, answer.text).toBe(status);
      expect(answer.headers['content-type']).toMatch(/^application\/json/);
      expect(Object.keys(answer.json)).toEqual(['error-message']);
      expect(answer.json['error-message']).toMatch(message);
    };
    const versionIn = (api: Owner, version: number): number | string =>
      api === 'shiny' ? String(version) : version;
    const idIn = (api: Owner, id: number | string): number | string =>
      api === 'shiny' ? String(id) : Number(id);
    /** The list, once it shows `id` as `json`: the two APIs follow each other with a delay. */
    const shownEventually = (api: Owner, id: number | string, version: number): Promise<Answer> =>
      eventually(async () => {
        const answer = await call('GET', `${base(api)}/${id}`);
        expect(answer.json?.version).toEqual(versionIn(api, version));
        return answer;
      });

    describe.each<Owner>(['original', 'shiny'])('the %s API', (api) => {
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
        const read = await call('GET', `${playground[api]}${answer.headers.location}`);
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
          const page: Answer = await call('GET', `${playground[api]}${next}`);
          expect(page.json.length).toBeLessThanOrEqual(2);
          paged.push(...page.json.map(({ id }: { id: number | string }) => Number(id)));
          next = /^<(.*)>; rel="next"$/.exec(page.headers.link?.toString() ?? '')?.[1];
        }
        expect(paged).toEqual(ids);
        const rest = (await call('GET', `${base(api)}/?after=${ids[1]}`)).json as { id: number | string }[];
        expect(rest.map(({ id }) => Number(id))).toEqual(ids.slice(2));
      });

      test('refuses unknown, repeated and wrong query parameters', async () => {
        for (const bad of [
          'limit=0',
          'limit=1001',
          'limit=x',
          'limit=',
          'limit=1e2',
          'limit=01',
          'limit=-1',
          'limit=1.5',
          'limit=2&limit=2',
          'after=x',
          'after=-1',
          'after=1&after=2',
          'page=1',
          'limit=2&x',
          '__proto__=1',
        ]) {
          expectError(await call('GET', `${base(api)}/?${bad}`), 400, /must be|not a query parameter/);
        }
        expectError(await call('GET', `${base(api)}/1?x=1`), 400, /query parameter/);
        expectError(
          await call('POST', `${base(api)}/?x=1`, { body: { name: 'a', foo: 1 } }),
          400,
          /query parameter/,
        );
      });

      test('HEAD is served like GET, OPTIONS says what is allowed', async () => {
        const { id } = await created(api);
        const [head, get] = [
          await call('HEAD', `${base(api)}/${id}`),
          await call('GET', `${base(api)}/${id}`),
        ];
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

      test('unknown paths are 404, unknown methods 405 with Allow', async () => {
        for (const path of [
          '/',
          '/api',
          '/api/thing',
          '/api/things/1/2',
          '/api/things/%zz',
          '/api//things',
        ]) {
          expectError(await call('GET', `${playground[api]}${path}`), 404);
        }
        expectError(
          await call('POST', `${playground[api]}/nowhere`, {
            body: 'x',
            headers: { 'content-type': 'text/plain' },
          }),
          404,
        );
        for (const [method, path] of [
          ['PUT', '/'],
          ['DELETE', '/'],
          ['PATCH', '/1'],
          ['PATCH', '/'],
        ] as const) {
          const answer = await call(method, `${base(api)}${path}`, { body: { name: 'a', foo: 1 } });
          expectError(answer, 405, /not allowed/);
          expect(answer.headers.allow).toContain('GET');
        }
      });

      test('ids are canonical decimals up to 2^53 - 1, everything else is 404', async () => {
        for (const id of [
          '0',
          '-1',
          '01',
          '1.0',
          '1e3',
          'x',
          '%20',
          '9007199254740992',
          '9007199254740993',
          '99999999999999999999',
          '0x1',
          '٣',
        ]) {
          const path = `${base(api)}/${encodeURIComponent(decodeURIComponent(id))}`;
          expectError(await call('GET', path), 404);
          expectError(await call('PUT', path, { body: { name: 'a', foo: 1, version: 0 } }), 404);
          expectError(await call('DELETE', `${path}?version=0`), 404);
        }
        expectError(await call('GET', `${base(api)}/9007199254740991`), 404);
        const absent = await call('PUT', `${base(api)}/9007199254740991`, {
          body: { name: 'a', foo: 1, version: 0 },
        });
        expectError(absent, 404, /9007199254740991/);
        expect(absent.headers['x-command-id']).toMatch(UUID);
      });

      test('refuses bodies that are not JSON objects in UTF-8', async () => {
        const send = (body: string | Buffer, type = 'application/json') =>
          call('POST', `${base(api)}/`, { body, headers: { 'content-type': type } });
        for (const body of ['', '{', 'nope', '{"name":"a","foo":1}}', "{'name':'a'}"])
          expectError(await send(body), 400, /JSON/);
        for (const body of ['[]', '"a"', '1', 'null', 'true']) expectError(await send(body), 400, /object/);
        expectError(await send(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])), 400, /UTF-8/);
        expectError(await send(Buffer.from('\ufeff{"name":"a","foo":1}')), 400, /byte order mark/);
        expectError(await send('{"name":"a","foo":1}', 'text/plain'), 415, /content type/);
        expectError(await send('{"name":"a","foo":1}', 'application/x-www-form-urlencoded'), 415);
        expectError(
          await send('{"name":"a","foo":1}', 'application/json; charset=iso-8859-1'),
          415,
          /charset/,
        );
        for (const type of [
          'nonsense',
          'application/json; charset=',
          'application/json; charset=utf-8; charset=latin1',
        ]) {
          expectError(await send('{"name":"a","foo":1}', type), 415);
        }
        const coded = { body: '{"name":"a","foo":1}', headers: { 'content-encoding': 'gzip' } };
        expectError(await call('POST', `${base(api)}/`, coded), 415);
        expect((await send('{"name":"a","foo":1}', 'application/json; charset=UTF-8')).status).toBe(200);
        const withoutType = await callRaw(
          base(api),
          'POST /api/things/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}',
        );
        expect(withoutType).toMatch(/^HTTP\/1\.1 415 /);
        const withoutBody = await callRaw(
          base(api),
          'POST /api/things/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
        );
        expect(withoutBody).toMatch(/^HTTP\/1\.1 415 /);
      });

      test('names each wrong, missing and unknown field, and what was expected', async () => {
        expectError(await post(api, {}), 400, /"name" is missing.*"foo" is missing/);
        expectError(
          await post(api, { name: 5, foo: 'x', bar: 1 }),
          400,
          /"bar" is not a field.*"name" must be.*"foo" must be/,
        );
        const { id: known } = await created(api);
        const allOfThem = await call('PUT', `${base(api)}/${known}`, {
          body: { id: idIn(api, Number(known) + 1), x: 1, name: '', foo: 's' },
        });
        expectError(allOfThem, 400, /(?=.*"x")(?=.*"name")(?=.*"foo")(?=.*"version" is missing)(?=.*"id")/);
        expectError(await post(api, { name: 'a', foo: 1, version: 0 }), 400, /version/);
        expectError(await post(api, { name: 'a', foo: 1, id: 1 }), 400, /id/);
        expectError(await post(api, '{"name":"a","foo":1,"__proto__":{"x":1}}'), 400, /__proto__/);
        for (const foo of [null, '1', true, [], {}])
          expectError(await post(api, { name: 'a', foo }), 400, /"foo" must be/);
        expectError(await post(api, '{"name":"a","foo":1e999}'), 400, /"foo" must be/);
        for (const name_ of [null, 1, '', 'x'.repeat(1_001), 'a\0b', ['a']]) {
          expectError(await post(api, { name: name_, foo: 1 }), 400, /"name" must be/);
        }
        expectError(await post(api, '{"name":"\\ud800","foo":1}'), 400, /surrogate/);
        const { id } = await created(api);
        for (const version of [null, -1, 1.5, 'x', '', true, 2 ** 53, '9007199254740992', [], ' 0', '00']) {
          expectError(
            await call('PUT', `${base(api)}/${id}`, { body: { name: 'b', foo: 2, version } }),
            400,
            /"version"/,
          );
        }
      });

      test('keeps any Unicode in a name, up to 1000 code points', async () => {
        for (const name_ of [
          '\u{1F600}'.repeat(1_000),
          'e\u0301 \u202e \ufeff ü',
          '\'"\\; drop table things; --',
          '\u0001\t\r\n',
          ' ',
        ]) {
          const { id } = await created(api, { name: name_, foo: 1 });
          expect((await call('GET', `${base(api)}/${id}`)).json.name).toBe(name_);
        }
        expectError(await post(api, { name: '\u{1F600}'.repeat(1_001), foo: 1 }), 400, /"name" must be/);
      });

      test('takes 1.0 as the integer 1, and -0 as 0', async () => {
        expect(await created(api, '{"name":"a","foo":1.0}' as never)).toMatchObject({ foo: 1 });
        expect((await post(api, '{"name":"a","foo":-0}')).text).toContain('"foo":0,');
      });

      test('read-only fields: equal ones are ignored, others refused', async () => {
        const thing = await created(api);
        const put = (change: object) =>
          call('PUT', `${base(api)}/${thing.id}`, { body: { name: 'b', foo: 2, version: 0, ...change } });
        expectError(await put({ id: idIn(api, Number(thing.id) + 1) }), 400, /"id"/);
        expectError(await put({ id: api === 'shiny' ? Number(thing.id) : String(thing.id) }), 400, /"id"/);
        expectError(await put({ created_on: 'yesterday' }), 400, /"created_on"/);
        const differs = await put({ created_on: '2001-01-01T00:00:00.000Z' });
        expectError(differs, 400, /"created_on" is read-only/);
        expectError(await put({ updated_on: '2001-01-01T00:00:00.000Z' }), 400, /"updated_on" is read-only/);
        const { id, created_on: createdOn, updated_on: updatedOn } = thing;
        expect(
          (await put({ id, created_on: createdOn.replace('Z', '+00:00'), updated_on: updatedOn })).status,
        ).toBe(200);
      });

      test('a body of 64 KiB is read, a larger one is 413', async () => {
        const padded = (bytes: number): string => `{"name":"a","foo":1}`.padEnd(bytes, ' ');
        expect((await post(api, padded(64 * 1024))).status).toBe(200);
        expectError(await post(api, padded(64 * 1024 + 1)), 413, /65536/);
      });

      test('an invalid Idempotency-Key is 400, and leaves nothing behind', async () => {
        for (const key of ['', 'a b', 'x'.repeat(129), 'ü', ['a', 'b'], 'a\tb']) {
          const answer = await post(api, { name: 'a', foo: 1 }, { 'idempotency-key': key });
          expectError(answer, 400, /Idempotency-Key/);
          expect(answer.headers['x-command-id']).toBeUndefined();
        }
        const key = '!"#$%&\'()*+,/:;<=>?@[]^_`{|}~-'.padEnd(128, 'x');
        const answer = await post(api, { name: 'a', foo: 1 }, { 'idempotency-key': key });
        expect([answer.status, answer.headers['x-command-id']]).toEqual([200, key]);
      });

      test('a repeated request gets the same answer, byte for byte, even after the version moved on', async () => {
        const [keyOfCreate, keyOfUpdate, keyOfConflict] = [randomUUID(), randomUUID(), randomUUID()];
        const sendCreate = (from: Owner) =>
          post(from, { name: 'k', foo: 1 }, { 'idempotency-key': keyOfCreate });
        const first = await sendCreate(api);
        const { id } = first.json;
        const send = (from: Owner, key: string, version: number, method = 'PUT') =>
          call(method, `${base(from)}/${id}`, {
            body: { name: 'k2', foo: 2, version },
            headers: { 'idempotency-key': key },
          });
        const conflict = await send(api, keyOfConflict, 5);
        expectError(conflict, 409);
        const updated = await send(api, keyOfUpdate, 0);
        expect(updated.status).toBe(200);
        await call('PUT', `${base(api)}/${id}`, { body: { name: 'k3', foo: 3, version: 1 } });

        expect([(await sendCreate(api)).text, (await sendCreate(api)).status]).toEqual([first.text, 200]);
        expect((await send(api, keyOfUpdate, 0)).text).toBe(updated.text);
        expect((await send(api, keyOfUpdate, 0, 'POST')).text).toBe(updated.text);
        const again = await send(api, keyOfConflict, 5);
        expect([again.status, again.text]).toEqual([409, conflict.text]);

        const other = OTHER[api];
        const crossed = await sendCreate(other);
        expect(crossed.json).toEqual({ ...first.json, id: idIn(other, id), version: versionIn(other, 0) });
        expect((await send(other, keyOfUpdate, 0)).json).toEqual({
          ...updated.json,
          id: idIn(other, id),
          version: versionIn(other, 1),
        });
        const crossedConflict = await send(other, keyOfConflict, 5);
        expect([crossedConflict.status, crossedConflict.text]).toEqual([409, conflict.text]);
      });

      test('another request under the same key is 422, on either API, and changes nothing', async () => {
        const key = randomUUID();
        const thing = await created(api);
        await post(api, { name: 'k', foo: 1 }, { 'idempotency-key': key });
        for (const from of [api, OTHER[api]]) {
          expectError(
            await post(from, { name: 'other', foo: 1 }, { 'idempotency-key': key }),
            422,
            /another request/,
          );
          const elsewhere = await call('PUT', `${base(from)}/${thing.id}`, {
            body: { name: 'b', foo: 2, version: 0 },
            headers: { 'idempotency-key': key },
          });
          expectError(elsewhere, 422);
        }
        expect((await call('GET', `${base(api)}/${thing.id}`)).json).toEqual(thing);
      });

      test('a request that was refused before a master leaves its key free', async () => {
        const key = randomUUID();
        const refused = await post(api, { name: '', foo: 1 }, { 'idempotency-key': key });
        expectError(refused, 400);
        expect(refused.headers['x-command-id']).toBeUndefined();
        expect((await post(api, { name: 'a', foo: 1 }, { 'idempotency-key': key })).status).toBe(200);
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
        expect(
          (await call('GET', `${base(api)}/`, { headers: { 'cache-control': 'no-cache' } })).status,
        ).toBe(200);
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

      test('two requests at once under one key through one API: one takes effect, the other is 422', async () => {
        const [one, other] = [await created(api), await created(api)];
        for (let round = 0; round < 10; round++) {
          const key = randomUUID();
          const body = { name: 'b', foo: 2, version: 0 };
          const put = (id: number | string) =>
            call('PUT', `${base(api)}/${id}`, { body, headers: { 'idempotency-key': key } });
          const answers = await Promise.all([put(one.id), put(other.id)]);
          expect(answers.filter(({ status }) => status === 422)).toHaveLength(1);
        }
      });

      test('one request at once under one key, many times, through both APIs: one effect, one answer', async () => {
        for (let round = 0; round < 10; round++) {
          const key = randomUUID();
          const answers = await Promise.all(
            Array.from({ length: 8 }, (_, index) =>
              post(index % 2 === 0 ? api : OTHER[api], { name: key, foo: 1 }, { 'idempotency-key': key }),
            ),
          );
          expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
          expect(new Set(answers.map(({ json }) => String(json.id))).size).toBe(1);
        }
      });

      test('what is faulty behind a valid request does not take its answer', async () => {
        const body = '{"name":"piped","foo":1}';
        const valid = `POST /api/things/ HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
        for (const behind of [
          'XXXX',
          'GARBAGE\r\n\r\n',
          `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
        ]) {
          const answers = await callRaw(base(api), `${valid}${behind}`);
          expect(answers).toMatch(
            /^HTTP\/1\.1 200 [^]*"name":"piped"[^]*HTTP\/1\.1 4\d\d [^]*"error-message"/,
          );
        }
      });

      test('hosts, expectations and CONNECT are refused in the error shape', async () => {
        const get = (headers: string) =>
          callRaw(base(api), `GET /api/things/ HTTP/1.1\r\nconnection: close\r\n${headers}\r\n`);
        expect(await get('')).toMatch(/^HTTP\/1\.1 400 [^]*"error-message":"a request has exactly one Host/);
        expect(await get('host: a\r\nhost: b\r\n')).toMatch(/^HTTP\/1\.1 400 [^]*"error-message"/);
        expect(await get('host: a\r\nexpect: tea\r\n')).toMatch(/^HTTP\/1\.1 417 [^]*"error-message"/);
        expect(await callRaw(base(api), 'CONNECT x:80 HTTP/1.1\r\nhost: x\r\n\r\n')).toMatch(
          /^HTTP\/1\.1 405 [^]*"error-message"/,
        );
      });

      test('however a path is written, it is the same path', async () => {
        const raw = (line: string, more = '') =>
          callRaw(base(api), `${line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${more}\r\n`);
        expect(await raw('GET http://x/api/things/')).toMatch(/^HTTP\/1\.1 200 /);
        expect(await raw('PATCH http://x/api/things/')).toMatch(/^HTTP\/1\.1 405 /);
        expect(await raw('PATCH /%61pi/things/')).toMatch(/^HTTP\/1\.1 405 /);
        expect(await raw('QUERY /api/things/')).toMatch(/^HTTP\/1\.1 405 /);
        expect(await raw('QUERY /nowhere')).toMatch(/^HTTP\/1\.1 404 /);
        for (const method of ['GET', 'DELETE', 'PUT']) {
          expectError(
            await call(method, `${base(api)}/${'1'.repeat(600)}`, method === 'PUT' ? { body: {} } : {}),
            404,
          );
        }
      });

      test('faults below a request get the error shape', async () => {
        const framing = await callRaw(base(api), 'NONSENSE\r\n\r\n');
        expect(framing).toMatch(/^HTTP\/1\.1 400 [^]*"error-message"/);
        const large = await callRaw(
          base(api),
          `GET /api/things/ HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
        );
        expect(large).toMatch(/^HTTP\/1\.1 431 [^]*"error-message"/);
      });

      test('health, metrics and an OpenAPI document that describes these routes', async () => {
        expect((await call('GET', `${playground[api]}/health/live`)).status).toBe(200);
        expect((await call('GET', `${playground[api]}/health/ready`)).json).toEqual({ status: 'ready' });
        const { text } = await call('GET', `${playground[api]}/metrics`);
        expect(text).toMatch(/http_request_duration_seconds_bucket\{[^}]*route="\/api\/things\/:id"/);
        const { json } = await call('GET', `${playground[api]}/openapi.json`);
        expect(json.openapi).toBe('3.1.0');
        expect(Object.keys(json.paths['/api/things/{id}'])).toEqual(
          expect.arrayContaining(['get', 'post', 'put', 'delete']),
        );
        const { foo } =
          json.paths['/api/things/'].post.requestBody.content['application/json'].schema.properties;
        expect(foo.type).toBe(api === 'shiny' ? 'number' : 'integer');
        const { get, put } = json.paths['/api/things/{id}'];
        expect(Object.keys(get.responses)).toEqual(['200', '304', '400', '404', '503']);
        expect(get.responses['200'].headers).toHaveProperty('etag');
        expect(put.parameters.map((parameter: { name: string }) => parameter.name)).toEqual(
          expect.arrayContaining(['id', 'Idempotency-Key', 'If-Match']),
        );
        expect(Object.keys(put.responses)).toContain(api === 'shiny' ? '202' : '409');
      });
    });

    test('the Original API takes 32-bit integers only', async () => {
      for (const foo of [1.5, 2 ** 31, -(2 ** 31) - 1])
        expectError(await post('original', { name: 'a', foo }), 400, /integer/);
      for (const foo of [2 ** 31 - 1, -(2 ** 31)])
        expect(await created('original', { name: 'a', foo })).toMatchObject({ foo });
    });

    test('a float through Shiny: kept by Shiny, rounded by Original, and the answer shows what was stored', async () => {
      const thing = await created('shiny', { name: 'a', foo: -2.5 });
      expect(thing.foo).toBe(master === 'shiny' ? -2.5 : -3);
      const onOriginal = await shownEventually('original', thing.id, 0);
      expect(onOriginal.json.foo).toBe(-3);
      const key = randomUUID();
      const large = await post('shiny', { name: 'a', foo: 3e9 }, { 'idempotency-key': key });
      if (master === 'shiny') {
        expect(large.json).toMatchObject({ foo: 3e9 });
        expect((await shownEventually('original', large.json.id, 0)).json.foo).toBe(2 ** 31 - 1);
      } else {
        expectError(large, 400, /"foo"/);
        expect(large.headers['x-command-id']).toBe(key);
        expect((await post('shiny', { name: 'a', foo: 3e9 }, { 'idempotency-key': key })).text).toBe(
          large.text,
        );
      }
    });

    test('Shiny takes a version as a number or as a decimal string', async () => {
      const { id } = await created('shiny');
      const put = (version: unknown) =>
        call('PUT', `${base('shiny')}/${id}`, { body: { name: 'b', foo: 2, version } });
      expect((await put('0')).json).toMatchObject({ version: '1' });
      expect((await put(1)).json).toMatchObject({ version: '2' });
      expectError(
        await call('PUT', `${base('original')}/${id}`, { body: { name: 'b', foo: 2, version: '2' } }),
        400,
        /"version"/,
      );
    });

    test('a command on Shiny: its place in the log, and its answer', async () => {
      const { id } = await created('shiny');
      const sent = await call('PUT', `${base('shiny')}/${id}`, { body: { name: 'b', foo: 2, version: 3 } });
      const commandId = sent.headers['x-command-id'];
      const { json } = await call('GET', `${playground.shiny}/api/commands/${commandId?.toString()}`);
      expect(json).toMatchObject({
        id: commandId,
        kind: 'update',
        thing_id: id,
        partition: Number(id) % 12,
        status: 'decided',
        decision: 'refused',
        decided_by: master,
        epoch: 0,
        answer: { status: 409, body: sent.json },
      });
      expect(json.offset).toBeGreaterThanOrEqual(0);
      expect(json.requested_on).toMatch(TIMESTAMP);
      expect(json.decided_on).toMatch(TIMESTAMP);
      expectError(await call('GET', `${playground.shiny}/api/commands/nobody`), 404);
    });

    test('Prefer: respond-async is 202 with the address of the command, where the answer is found', async () => {
      const answer = await post(
        'shiny',
        { name: 'later', foo: 1 },
        { prefer: 'respond-async, wait=1', 'idempotency-key': 'a/b ?#%'.replaceAll(' ', '_') + randomUUID() },
      );
      expect(answer.status, answer.text).toBe(202);
      const address = `${playground.shiny}${answer.headers.location}`;
      expect((await call('GET', address)).status).toBe(200);
      const decided = await eventually(async () => {
        const command = await call('GET', address);
        expect(command.json.status).toBe('decided');
        return command.json;
      });
      expect(decided).toMatchObject({
        kind: 'create',
        decision: 'accepted',
        answer: { status: 200, body: { name: 'later' } },
      });
    });

    test('the latest commands, newest first, page by page', async () => {
      const sent: (string | string[] | undefined)[] = [];
      for (let index = 0; index < 5; index++) {
        sent.unshift((await post('shiny', { name: 'c', foo: index })).headers['x-command-id']);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      const first = await call('GET', `${playground.shiny}/api/commands/?limit=3`);
      const next = /^<(.*)>; rel="next"$/.exec(first.headers.link?.toString() ?? '')?.[1];
      const second = await call('GET', `${playground.shiny}${next}`);
      const ids = [...first.json, ...second.json].map(({ id }: { id: string }) => id);
      expect(ids.slice(0, 5)).toEqual(sent);
      for (const bad of ['limit=0', 'before=nobody', 'before=', 'x=1', 'limit=1001']) {
        expectError(await call('GET', `${playground.shiny}/api/commands/?${bad}`), 400);
      }
    });

    test('a write in both APIs at once: one winner per version', async () => {
      const { id } = await created('shiny');
      await shownEventually('original', id, 0);
      for (let version = 0; version < 5; version++) {
        const answers = await Promise.all(
          Array.from({ length: 8 }, (_, index) =>
            call('PUT', `${base(index % 2 === 0 ? 'original' : 'shiny')}/${id}`, {
              body: { name: `w${index}`, foo: index, version },
            }),
          ),
        );
        expect(answers.map(({ status }) => status).toSorted()).toEqual([
          200,
          ...Array.from({ length: 7 }, () => 409),
        ]);
      }
    });
  });
};
