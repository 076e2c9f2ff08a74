/** Whatever is wrong with a request: the right status, the error shape, and nothing changes. */
import { expect, test } from 'vitest';
import type { Api } from '../shared/domain/thing.ts';
import { call, callRaw } from './http-client.ts';
import { UUID, type HttpWorld } from './http-world.ts';

/** Long before a request that does not end is given up (408). */
const AT_ONCE_MAX_MS = 5_000;

export const describeBadInput = (world: HttpWorld, api: Api): void => {
  const { base, created, expectError, idIn, post, url } = world;

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

  test('unknown paths are 404, unknown methods 405 with Allow', async () => {
    for (const path of ['/', '/api', '/api/thing', '/api/things/1/2', '/api/things/%zz', '/api//things']) {
      expectError(await call('GET', `${url(api)}${path}`), 404);
    }
    expectError(
      await call('POST', `${url(api)}/nowhere`, {
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
    expectError(await send('{"name":"a","foo":1}', 'application/json; charset=iso-8859-1'), 415, /charset/);
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
      'POST /api/things/ HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}',
    );
    expect(withoutType).toMatch(/^HTTP\/1\.1 415 /);
    const withoutBody = await callRaw(
      base(api),
      'POST /api/things/ HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
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

  test('what is faulty behind a valid request does not take its answer', async () => {
    const body = '{"name":"piped","foo":1}';
    const valid = `POST /api/things/ HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    for (const behind of [
      'XXXX',
      'GARBAGE\r\n\r\n',
      `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
    ]) {
      const answers = await callRaw(base(api), `${valid}${behind}`);
      expect(answers).toMatch(/^HTTP\/1\.1 200 [^]*"name":"piped"[^]*HTTP\/1\.1 4\d\d [^]*"error-message"/);
    }
  });

  test('hosts, expectations and CONNECT are refused in the error shape', async () => {
    const get = (headers: string) =>
      callRaw(base(api), `GET /api/things/ HTTP/1.1\r\nconnection: close\r\n${headers}\r\n`);
    expect(await get('')).toMatch(/^HTTP\/1\.1 400 [^]*"error-message":"a request has exactly one Host/);
    expect(await get('host: a\r\nhost: b\r\n')).toMatch(/^HTTP\/1\.1 400 [^]*"error-message"/);
    expect(await get('host: a\r\nexpect: tea\r\n')).toMatch(/^HTTP\/1\.1 417 [^]*"error-message"/);
    expect(await callRaw(base(api), 'CONNECT x:80 HTTP/1.1\r\nhost: localhost\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 405 [^]*"error-message"/,
    );
  });

  test('however a path is written, it is the same path', async () => {
    const raw = (line: string, more = '') =>
      callRaw(base(api), `${line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${more}\r\n`);
    expect(await raw('GET http://localhost/api/things/')).toMatch(/^HTTP\/1\.1 200 /);
    expect(await raw('PATCH http://localhost/api/things/')).toMatch(/^HTTP\/1\.1 405 /);
    expect(await raw('PATCH /%61pi/things/')).toMatch(/^HTTP\/1\.1 405 /);
    expect(await raw('QUERY /api/things/')).toMatch(/^HTTP\/1\.1 405 /);
    expect(await raw('QUERY /nowhere')).toMatch(/^HTTP\/1\.1 404 /);
    const nothing =
      '/api/./things /api/x/../things/ /api/things%2f1 //api/things /api/%2e/things /api/x/%2e%2e/things /%2561pi/things';
    for (const path of nothing.split(' ')) {
      for (const method of ['GET', 'PATCH', 'OPTIONS'])
        expect(await raw(`${method} ${path}`), path).toMatch(/^HTTP\/1\.1 404 [^]*"error-message"/);
    }
    const { id } = await created(api);
    const spelled = String(id).replaceAll(/\d/g, '%3$&');
    expect(await raw(`GET /api/things/${spelled}`)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await raw(`GET /api/things/${spelled.replaceAll('%', '%25')}`)).toMatch(/^HTTP\/1\.1 404 /);
    for (const method of ['GET', 'DELETE', 'PUT']) {
      expectError(
        await call(method, `${base(api)}/${'1'.repeat(600)}`, method === 'PUT' ? { body: {} } : {}),
        404,
      );
    }
  });

  test('broken framing of a body is refused at once', async () => {
    const head = 'POST /api/things/ HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';
    const chunked = `${head}transfer-encoding: chunked\r\n\r\n`;
    for (const [bytes, status] of [
      [`${head}transfer-encoding: xchunked\r\n\r\n`, 400],
      [`${head}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, 501],
      [`${chunked}zz\r\n{}\r\n0\r\n\r\n`, 400],
      [`${chunked}-2\r\n{}\r\n0\r\n\r\n`, 400],
      [`${chunked}fffffffffffffffff\r\n{}\r\n`, 400],
      [`${chunked}1\r\n{}\r\n0\r\n\r\n`, 400],
      [`${chunked}0\r\nx y\r\n\r\n`, 400],
      [`${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
      [`${head}content-length: 2\r\ncontent-length: 2\r\n\r\n{}`, 400],
    ] as const) {
      const began = performance.now();
      const answer = await callRaw(base(api), bytes);
      expect(performance.now() - began, bytes).toBeLessThan(AT_ONCE_MAX_MS);
      expect(answer.match(/HTTP\/1\.1 \d+/g), bytes).toEqual([`HTTP/1.1 ${status}`]);
      expect(answer).toMatch(/connection: close[^]*\{"error-message":"[^"]+"\}$/i);
    }
  });

  test('faults below a request get the error shape', async () => {
    const framing = await callRaw(base(api), 'NONSENSE\r\n\r\n');
    expect(framing).toMatch(/^HTTP\/1\.1 400 [^]*"error-message"/);
    const large = await callRaw(
      base(api),
      `GET /api/things/ HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
    );
    expect(large).toMatch(/^HTTP\/1\.1 431 [^]*"error-message"/);
  });
};
