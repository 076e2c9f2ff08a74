import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { thingCommand } from '../domain/command.ts';
import { createOriginalClient, type HttpOriginalClient } from './original-client.ts';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

type Asked = IncomingHttpHeaders & { readonly url: string };

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** By path, if it is a function. */
  readonly body?: unknown;
}

/** A client of a server that answers everything but, if it is given, `identity` alike, and what it has been asked. */
const clientOf = async (
  answer: Answer,
  identity: Answer = answer,
): Promise<{ client: HttpOriginalClient; asked: Asked[] }> => {
  const asked: Asked[] = [];
  const server: Server = createServer((request, response) => {
    asked.push({ ...request.headers, url: request.url ?? '' });
    request.resume();
    const { status, headers, body = {} } = request.url === '/internal/identity' ? identity : answer;
    const json: unknown = typeof body === 'function' ? body(request.url ?? '') : body;
    response.writeHead(status, headers).end(JSON.stringify(json));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  cleanUps.push(async () => server.close());
  const client = createOriginalClient({
    url: `http://user:hidden@127.0.0.1:${port}`,
    namespace: 'ours',
    genesis: 'g-ours',
    secret: 'not-to-be-shown',
  });
  cleanUps.push(() => client.close());
  return { client, asked };
};
const OURS = { 'x-playground-genesis': 'g-ours', 'x-playground-namespace': 'ours' };
const OTHER = { 'x-playground-genesis': 'g-other', 'x-playground-namespace': 'other' };
const IDENTIFIED: Answer = { status: 200, headers: OURS };
const COMMAND = thingCommand({ type: 'create', name: 'a', foo: 1 }, 'key', 0);

const failureOf = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => new Error('it did not fail'),
    (error: unknown) => error as Error,
  );
const isMisled = (client: HttpOriginalClient): Promise<boolean> =>
  Promise.race([
    client.misled.catch(() => true),
    new Promise<boolean>((resolve) => setImmediate(() => resolve(false))),
  ]);

const ROW = { owner: 'original', epoch: 1, refusedReason: null, unpublished: 0, mirrorNext: 3 };
const DECIDED = {
  answer: {
    commandId: 'key',
    payloadHash: 'h',
    commandType: 'create',
    thingId: null,
    code: 'unrepresentable',
    currentVersion: null,
    field: 'foo',
  },
  state: null,
};
const answerOf = (url: string): unknown => {
  if (url.includes('decide')) return DECIDED;
  if (url.includes('feed-ends')) return [0, 3];
  return url.includes('things') ? { owner: 'shiny', since: 1, thing: null } : ROW;
};

test('every call names our genesis and carries the secret', async () => {
  const { client, asked } = await clientOf({ status: 200, headers: OURS, body: answerOf });
  await client.identify();
  await client.decide(0, 0, COMMAND);
  await client.thing(1);
  await client.feedEnds();
  await client.mastership(0);
  await client.fence(0, 1);
  await client.abortSwitch(0, 1, 'x');
  expect(asked).toHaveLength(7);
  for (const headers of asked)
    expect(headers).toMatchObject({
      'x-playground-genesis': 'g-ours',
      'x-playground-secret': 'not-to-be-shown',
    });
});

test.each([
  ['a master that is none', { ...ROW, owner: undefined }],
  ['an epoch as a text', { ...ROW, epoch: '1' }],
  ['a list', []],
])('%s: what the contract does not say is no answer', async (_, body) => {
  const { client } = await clientOf({ status: 200, headers: OURS, body });
  for (const call of [() => client.mastership(0), () => client.thing(1), () => client.decide(0, 0, COMMAND)])
    expect((await failureOf(call())).message).toMatch(/answers otherwise than this release understands/);
});

describe('an Original of another genesis', () => {
  // Even one that checks nothing itself.
  test.each([200, 403, 421, 500])(
    'with status %i decides and shows nothing, and is the end',
    async (status) => {
      const { client } = await clientOf({ status, headers: OTHER, body: { code: 'accepted' } });
      for (const call of [
        client.decide(0, 0, COMMAND),
        client.thing(1),
        client.fence(0, 1),
        client.identify(),
      ]) {
        const { message, name } = await failureOf(call);
        expect(name).toBe('StartError');
        expect(message).toMatch(
          /leads to the Original API of genesis g-other \(namespace other\), this is g-ours/,
        );
        expect(message).not.toMatch(/hidden|not-to-be-shown/);
      }
      expect(await isMisled(client)).toBe(true);
    },
  );
});

test('what is no Original is asked for nothing, but may be a proxy before ours', async () => {
  const { client, asked } = await clientOf({ status: 200, body: { code: 'accepted' } });
  for (const call of [() => client.decide(0, 0, COMMAND), () => client.fence(0, 1)])
    expect((await failureOf(call())).message).toMatch(/is not the Original API/);
  expect(asked.map(({ url }) => url)).toEqual(['/internal/identity', '/internal/identity']);
  expect(await isMisled(client)).toBe(false);
});

test('only the code tells "not the master" from other refusals of the same status', async () => {
  const headers = { ...OURS, 'x-error-code': 'not-owner' };
  const refuses = await clientOf({ status: 421, headers }, IDENTIFIED);
  expect(await refuses.client.decide(0, 0, COMMAND)).toBe('not-master');
  for (const code of ['misdirected', 'other-genesis']) {
    const { client } = await clientOf(
      { status: 421, headers: { ...OURS, 'x-error-code': code } },
      IDENTIFIED,
    );
    expect((await failureOf(client.decide(0, 0, COMMAND))).message).toMatch(/answered 421/);
  }
});

test('another secret is found out at the start, and is the end', async () => {
  const refused: Answer = { status: 403, headers: { ...OURS, 'x-error-code': 'forbidden' } };
  const { client, asked } = await clientOf(refused);
  expect((await failureOf(client.decide(0, 0, COMMAND))).message).toMatch(/another internal secret/);
  expect(asked.map(({ url }) => url)).toEqual(['/internal/identity']);
  expect(await isMisled(client)).toBe(true);
});

test('a refusal later on is only that of the call', async () => {
  const { client } = await clientOf(
    { status: 403, headers: { ...OURS, 'x-error-code': 'forbidden' } },
    IDENTIFIED,
  );
  expect((await failureOf(client.decide(0, 0, COMMAND))).message).toMatch(/answered 403/);
  expect(await isMisled(client)).toBe(false);
});
