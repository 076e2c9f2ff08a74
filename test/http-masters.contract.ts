/** What depends on the master, what Shiny alone has, and both APIs at once. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { call, eventually } from './http-client.ts';
import { TIMESTAMP, type HttpWorld } from './http-world.ts';

export const describeMasters = (world: HttpWorld): void => {
  const { base, created, expectError, master, post, shownEventually, url } = world;

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
    const { json } = await call('GET', `${url('shiny')}/api/commands/${commandId?.toString()}`);
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
    expectError(await call('GET', `${url('shiny')}/api/commands/nobody`), 404);
  });

  test('Prefer: respond-async is 202 with the address of the command, where the answer is found', async () => {
    const answer = await post(
      'shiny',
      { name: 'later', foo: 1 },
      { prefer: 'respond-async, wait=1', 'idempotency-key': 'a/b ?#%'.replaceAll(' ', '_') + randomUUID() },
    );
    expect(answer.status, answer.text).toBe(202);
    const address = `${url('shiny')}${answer.headers.location}`;
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
    const first = await call('GET', `${url('shiny')}/api/commands/?limit=3`);
    const next = /^<(.*)>; rel="next"$/.exec(first.headers.link?.toString() ?? '')?.[1];
    const second = await call('GET', `${url('shiny')}${next}`);
    const ids = [...first.json, ...second.json].map(({ id }: { id: string }) => id);
    expect(ids.slice(0, 5)).toEqual(sent);
    for (const bad of ['limit=0', 'before=nobody', 'before=', 'x=1', 'limit=1001']) {
      expectError(await call('GET', `${url('shiny')}/api/commands/?${bad}`), 400);
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
};
