/** The switch of mastership on real processes, over HTTP. */
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, inject, test } from 'vitest';
import type { Api } from '../shared/domain/thing.ts';
import type { SwitchJson } from '../shared/contracts/switches.ts';
import { call, eventually, type Answer } from './http-client.ts';
import { startPlayground, type Playground } from './playground.ts';

const PARTITIONS = 12;
const ALL = Array.from({ length: PARTITIONS }, (_, partition) => partition);

let playground: Playground | undefined;
afterEach(async () => {
  await playground?.stop();
  playground = undefined;
});
const start = async (master: Api, embedded = false): Promise<Playground> => {
  playground = await startPlayground({ master, stack: embedded ? undefined : inject('stack') });
  return playground;
};

const post = (on: Playground, body: object, headers: Record<string, string> = {}): Promise<Answer> =>
  call('POST', `${on.updater}/api/switches`, { body, headers });
const switchTo = async (on: Playground, to: Api, more: object = {}): Promise<SwitchJson> => {
  const answer = await post(on, { to, ...more });
  expect(answer.status, answer.text).toBe(200);
  return answer.json as SwitchJson;
};
const results = ({ partitions }: SwitchJson): string[] => partitions.map(({ result }) => result);
const masters = async (on: Playground): Promise<{ owner: Api; epoch: number }[]> =>
  (await call('GET', `${on.updater}/api/mastership`)).json.partitions;
const write = async (on: Playground, api: Api, body: object, path = ''): Promise<Answer['json']> => {
  const answer = await call('POST', `${on[api]}/api/things/${path}`, { body });
  expect(answer.status, answer.text).toBe(200);
  return answer.json;
};
const listOf = async (on: Playground, api: Api): Promise<{ id: number; foo: number; version: number }[]> => {
  const answer = await call('GET', `${on[api]}/api/things/`, { headers: { 'cache-control': 'no-cache' } });
  expect(answer.status, answer.text).toBe(200);
  return (answer.json as { id: string; foo: number; version: string }[]).map(({ id, foo, version }) => ({
    id: Number(id),
    foo,
    version: Number(version),
  }));
};
const expectEqualStores = async (on: Playground): Promise<void> =>
  expect(await listOf(on, 'shiny')).toEqual(await listOf(on, 'original'));

test('there and back, while clients write through both APIs: no write is refused, each has its answer', async () => {
  const on = await start('original');
  const things = await Promise.all(ALL.map((foo) => write(on, 'original', { name: 'a', foo })));
  let writing = true;
  const written = things.map(async ({ id }, index) => {
    let version = 0;
    while (writing) {
      const api = (version + index) % 2 === 0 ? 'original' : 'shiny';
      const sent = {
        name: `v${version}`,
        foo: version,
        version: api === 'shiny' ? String(version) : version,
      };
      expect(Number((await write(on, api, sent, String(id))).version)).toBe(++version);
    }
    return { id: Number(id), version };
  });
  for (const to of ['shiny', 'original', 'shiny', 'original'] as const) {
    const switched = await switchTo(on, to);
    expect(switched).toMatchObject({
      to,
      partitions: ALL.map((partition) => ({ partition, result: 'switched' })),
    });
    for (const { pause_ms: pause, steps } of switched.partitions) {
      expect(pause).toBeLessThan(5_000);
      expect(Object.keys(steps)).toEqual([
        'begun_on',
        to === 'shiny' ? 'fenced_on' : 'released_on',
        'decided_on',
      ]);
    }
  }
  writing = false;
  const versions = new Map((await Promise.all(written)).map(({ id, version }) => [id, version]));
  await expectEqualStores(on);
  for (const { id, version } of await listOf(on, 'shiny')) expect(version).toBe(versions.get(id));
  expect(await masters(on)).toMatchObject(ALL.map(() => ({ owner: 'original', epoch: 4 })));
  const metrics = (await call('GET', `${on.updater}/metrics`)).text;
  expect(metrics).toMatch(/switch_pause_seconds_count\{[^}]*to="shiny"[^}]*\} 24/);
  expect(metrics).toMatch(/switch_steps_total\{[^}]*step="fenced"[^}]*\} 24/);
});

test('a retry gets its first answer after the switch, through whichever API', async () => {
  const on = await start('original');
  const ids = new Map<string, Answer>();
  const send = (api: Api, key: string): Promise<Answer> =>
    call('POST', `${on[api]}/api/things/`, {
      body: { name: key, foo: 1 },
      headers: { 'idempotency-key': key },
    });
  for (const to of ['shiny', 'original', 'shiny'] as const) {
    for (const api of ['original', 'shiny'] as const) {
      const key = `${to}-${api}-${randomUUID()}`;
      ids.set(key, await send(api, key));
    }
    await switchTo(on, to);
    for (const [key, first] of ids) {
      for (const api of ['original', 'shiny'] as const)
        expect((await send(api, key)).json).toMatchObject({ name: first.json.name, foo: 1 });
    }
  }
  expect(await listOf(on, 'shiny')).toHaveLength(ids.size);
});

describe('one that cannot be done', () => {
  test('a hundred switches whose deadline has passed change nothing, and the next one works', async () => {
    const on = await start('original');
    const thing = await write(on, 'original', { name: 'a', foo: 1 });
    // A millisecond is over by the time that the updater reads the record, most often.
    let refused = 0;
    for (let round = 0; refused < 100; round++) {
      expect(round).toBeLessThan(100);
      const late = await switchTo(on, 'shiny', { deadline_ms: 1 });
      refused += results(late).filter((result) => result === 'refused').length;
      for (const { result, reason } of late.partitions)
        if (result === 'refused') expect(reason).toMatch(/deadline/);
      if (results(late).includes('switched')) await switchTo(on, 'original');
    }
    await write(on, 'shiny', { name: 'b', foo: 2, version: '0' }, String(thing.id));
    for (const to of ['shiny', 'original'] as const)
      expect(new Set(results(await switchTo(on, to)))).toEqual(new Set(['switched']));
    await expectEqualStores(on);
  });

  test('Things that Original cannot hold are named, and rounded in both stores if the loss is allowed', async () => {
    const on = await start('shiny');
    const { id } = await write(on, 'shiny', { name: 'a', foo: 4.4 });
    const partition = Number(id) % PARTITIONS;
    const before = await masters(on);
    const dry = await post(on, { to: 'original', partitions: [partition], dry_run: true });
    expect(dry.json.partitions).toMatchObject([{ would: 'refuse', lossy: { count: 1, first: [id] } }]);
    expect(await masters(on)).toEqual(before);
    for (let round = 1; round <= 20; round++) {
      const [result] = (await switchTo(on, 'original', { partitions: [partition] })).partitions;
      expect(result).toMatchObject({ result: 'refused', epoch: round });
      expect(result!.reason).toContain(`(${id})`);
    }
    expect((await call('GET', `${on.shiny}/api/things/${id}`)).json.foo).toBe(4.4);
    const allowed = await switchTo(on, 'original', { partitions: [partition], allow_loss: true });
    expect(results(allowed)).toEqual(['switched']);
    await eventually(async () =>
      expect((await call('GET', `${on.shiny}/api/things/${id}`)).json).toMatchObject({
        foo: 4,
        version: '0',
      }),
    );
    await expectEqualStores(on);
  });

  test('what does not fit is let go; what is not a switch is 400; an id stands for one switch', async () => {
    const on = await start('original', true);
    expect(results(await switchTo(on, 'original', { partitions: [3] }))).toEqual(['skipped']);
    expect(results(await switchTo(on, 'shiny', { partitions: [3], expected_epochs: { 3: 7 } }))).toEqual([
      'skipped',
    ]);
    expect(await switchTo(on, 'original')).toMatchObject({ partitions: [] });
    for (const [body, message] of [
      [{ to: 'x' }, /"to" must be "original" or "shiny"/],
      [{}, /"to" is missing/],
      [{ to: 'shiny', partitions: [12] }, /there are 12 partitions, from 0 on, but not 12/],
      [{ to: 'shiny', partitions: [] }, /"partitions" must be a list/],
      [{ to: 'shiny', expected_epochs: { 99: 1 } }, /but not 99/],
      [{ to: 'shiny', deadline_ms: 0 }, /"deadline_ms" must be/],
      [{ to: 'shiny', speed: 1 }, /"speed" is not a field here/],
    ] as const) {
      const answer = await post(on, body);
      expect([answer.status, Object.keys(answer.json)], answer.text).toEqual([400, ['error-message']]);
      expect(answer.json['error-message']).toMatch(message);
    }
    expect((await call('GET', `${on.updater}/api/switches/none`)).status).toBe(404);

    for (const bad of ['.', '..', '".."', 'a b']) {
      for (const dry of [true, false])
        expect((await post(on, { to: 'shiny', dry_run: dry }, { 'idempotency-key': bad })).status).toBe(400);
    }
    const key = { 'idempotency-key': 'my-switch' };
    const first = await post(on, { to: 'shiny', partitions: [5] }, key);
    expect(results(first.json)).toEqual(['switched']);
    expect((await post(on, { to: 'shiny', partitions: [5] }, key)).json).toEqual(first.json);
    const quotedKey = { 'idempotency-key': '"my-switch"' };
    expect((await post(on, { to: 'shiny', partitions: [5] }, quotedKey)).json).toEqual(first.json);
    expect((await post(on, { to: 'original', partitions: [5] }, key)).status).toBe(422);
    expect((await call('GET', `${on.shiny}/api/commands/my-switch`)).json).toMatchObject({
      kind: 'switch',
      partition: 5,
      decision: 'accepted',
      epoch: 1,
    });
    const { headers, status } = await post(on, { to: 'shiny', partitions: [7] }, { prefer: 'respond-async' });
    expect(status).toBe(202);
    await eventually(async () => {
      const later = await call('GET', `${on.updater}${headers['location']}`);
      expect(results(later.json)).toEqual(['switched']);
    });
  });
});

describe('when a process dies in the middle', () => {
  test('the updater: another one carries the switch through', async () => {
    const on = await start('original');
    const thing = await write(on, 'original', { name: 'a', foo: 1 });
    // Original is stopped, so that the switch gets stuck; then the updater dies.
    process.kill(on.pid('original-api'), 'SIGSTOP');
    const { headers } = await post(on, { to: 'shiny', deadline_ms: 60_000 }, { prefer: 'respond-async' });
    await eventually(async () => {
      const { json } = await call('GET', `${on.updater}/api/mastership`);
      expect(json.partitions[0].switch).toMatchObject({ to: 'shiny', step: 'begun' });
    });
    process.kill(on.pid('updater'), 'SIGKILL');
    process.kill(on.pid('original-api'), 'SIGCONT');
    await eventually(async () => {
      const { json } = await call('GET', `${on.updater}${headers['location']}`);
      expect(new Set(results(json))).toEqual(new Set(['switched']));
    });
    await write(on, 'original', { name: 'b', foo: 2, version: 0 }, String(thing.id));
    await expectEqualStores(on);
  });

  test('Original, before Shiny has let go: Shiny goes on alone', async () => {
    const on = await start('shiny');
    const thing = await write(on, 'shiny', { name: 'a', foo: 1 });
    const partition = Number(thing.id) % PARTITIONS;
    process.kill(on.pid('original-api'), 'SIGSTOP');
    const began = performance.now();
    const answer = switchTo(on, 'original', { partitions: [partition], deadline_ms: 200 });
    expect((await answer).partitions).toMatchObject([
      { result: 'skipped', reason: expect.stringMatching(/Original did not answer by the deadline/) },
    ]);
    await write(on, 'shiny', { name: 'b', foo: 2, version: '0' }, String(thing.id));
    expect(performance.now() - began).toBeLessThan(12_000);
    process.kill(on.pid('original-api'), 'SIGCONT');
    expect(results(await switchTo(on, 'original'))).toContain('switched');
    await expectEqualStores(on);
  });
});
