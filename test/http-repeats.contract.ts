/** Idempotency keys: one effect and one answer per key, through whichever API. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Api } from '../shared/domain/thing.ts';
import { call } from './http-client.ts';
import { OTHER, type HttpWorld } from './http-world.ts';

export const describeRepeats = (world: HttpWorld, api: Api): void => {
  const { base, created, expectError, idIn, post, versionIn } = world;

  test('an invalid Idempotency-Key is 400, and leaves nothing behind', async () => {
    for (const key of ['', 'a b', 'x'.repeat(129), 'ü', ['a', 'b'], 'a\tb', '.', '..', '"."', '".."', '"a']) {
      const answer = await post(api, { name: 'a', foo: 1 }, { 'idempotency-key': key });
      expectError(answer, 400, /Idempotency-Key/);
      expect(answer.headers['x-command-id']).toBeUndefined();
    }
    const key = '!"#$%&\'()*+,/:;<=>?@[]^_`{|}~-'.padEnd(128, 'x');
    const answer = await post(api, { name: 'a', foo: 1 }, { 'idempotency-key': key });
    expect([answer.status, answer.headers['x-command-id']]).toEqual([200, key]);
  });

  test('a quoted Idempotency-Key is the same key as the bare one', async () => {
    const key = `a"b\\${randomUUID()}`;
    const bare = await post(api, { name: 'a', foo: 1 }, { 'idempotency-key': key });
    const quoted = `"${key.replaceAll(/["\\]/g, '\\$&')}"`;
    const again = await post(api, { name: 'a', foo: 1 }, { 'idempotency-key': quoted });
    expect([again.status, again.text, again.headers['x-command-id']]).toEqual([200, bare.text, key]);
  });

  test('a repeated request gets the same answer, byte for byte, even after the version moved on', async () => {
    const [keyOfCreate, keyOfUpdate, keyOfConflict] = [randomUUID(), randomUUID(), randomUUID()];
    const sendCreate = (from: Api) => post(from, { name: 'k', foo: 1 }, { 'idempotency-key': keyOfCreate });
    const first = await sendCreate(api);
    const { id } = first.json;
    const send = (from: Api, key: string, version: number, method = 'PUT') =>
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
};
