import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { ApiError } from './errors.ts';
import { areaOf } from './request-path.ts';
import { isSameSecret } from './secret-check.ts';
import { createWall, type InternalWall, type WallParts } from './wall.ts';

const OPEN: WallParts = {
  listenHost: '127.0.0.1',
  allowedHosts: [],
  allowedOrigins: [],
  apiToken: undefined,
};
const CLOSED: WallParts = { ...OPEN, apiToken: 'the-token-of-the-test' };
const FENCE_PATH = '/internal/fence';
const IDENTITY_PATH = '/internal/identity';
const INTERNAL: InternalWall = {
  secret: 's'.repeat(64),
  genesis: 'g-1',
  namespace: 'one',
  identityPath: IDENTITY_PATH,
};

interface Asked {
  readonly method?: string;
  readonly url?: string;
  readonly route?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const lowerCase = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
/** What the wall says, and the headers that it has set. */
const ask = (
  { method = 'GET', url = '/api/things/', route = url, headers = {} }: Asked,
  parts = OPEN,
  internal: InternalWall | undefined = INTERNAL,
) => {
  const given = { Host: 'localhost', ...headers };
  const rawHeaders = Object.entries(given).flat();
  const message = {
    method,
    url,
    rawHeaders,
    headers: lowerCase(given),
    socket: {},
  } as never as IncomingMessage;
  const set: Record<string, string> = {};
  const response = { setHeader: (name: string, value: string) => (set[name] = value) };
  try {
    createWall(parts, internal)(message, response as never as ServerResponse, route);
    return { code: 'passed', set };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { code, message: said, headers: sent } = error;
    return { code, said, sent, set };
  }
};

describe('/internal', () => {
  const fence = (headers: Asked['headers'] = {}, more: Asked = {}) =>
    ask({ method: 'POST', url: FENCE_PATH, headers, ...more });
  const ours = { 'x-playground-secret': INTERNAL.secret, 'x-playground-genesis': INTERNAL.genesis };

  test('is for those who know the secret and belong to the same genesis', () => {
    expect(fence(ours).code).toBe('passed');
    expect(fence().code).toBe('forbidden');
    expect(fence({ ...ours, 'x-playground-secret': `${INTERNAL.secret}s` }).code).toBe('forbidden');
    expect(fence({ 'x-playground-secret': INTERNAL.secret }).code).toBe('other-genesis');
  });
  test('names both ids to a caller of another genesis', () => {
    const { code, said } = fence({ ...ours, 'x-playground-genesis': 'g-2' });
    expect(code).toBe('other-genesis');
    expect(said).toMatch(/genesis g-1 \(namespace one\).*genesis g-2/);
  });
  test('says who it is even to those who know another secret, and never the secret', () => {
    const { set, said } = fence({ 'x-playground-secret': 'guess' });
    expect(set).toEqual({ 'x-playground-genesis': 'g-1', 'x-playground-namespace': 'one' });
    expect(said).not.toMatch(/guess|sss/);
  });
  test('tells its identity to callers of any genesis, if they know the secret', () => {
    const headers = { 'x-playground-secret': INTERNAL.secret };
    expect(ask({ url: IDENTITY_PATH, headers }).code).toBe('passed');
    expect(ask({ url: IDENTITY_PATH }).code).toBe('forbidden');
  });
  test('the secret comes before everything else, and the token does not replace it', () => {
    const foreign = { Host: 'evil.example', Authorization: `Bearer ${CLOSED.apiToken}` };
    expect(fence(foreign).code).toBe('forbidden');
    expect(fence({ ...ours, Host: 'evil.example' }).code).toBe('misdirected');
    expect(ask({ method: 'POST', url: FENCE_PATH, headers: ours }, CLOSED).code).toBe('passed');
  });
  test.each([
    '/internal/fence',
    '/internal/fence?x',
    '/%69nternal/fence',
    '//internal/fence',
    '/./internal/fence',
    '/api/../internal/fence',
    '/internal%2ffence',
    'http://localhost/internal/fence',
    '/internal',
  ])('%s is of it', (url) => {
    expect(areaOf(url, undefined)).toBe('internal');
    expect(areaOf(url, '/internal/fence')).toBe('internal');
  });
  test('whatever the router takes for it is of it', () => {
    expect(areaOf('/somehow', '/internal/fence')).toBe('internal');
    expect(areaOf('/api/x', '/internal/fence')).toBe('internal');
  });
});

describe('the API token', () => {
  const write = (authorization?: string, more: Asked = {}) =>
    ask({ method: 'POST', headers: authorization === undefined ? {} : { authorization }, ...more }, CLOSED);

  test('is needed for every method that writes, once there is one', () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      expect(write(undefined, { method })).toMatchObject({
        code: 'unauthorized',
        sent: { 'www-authenticate': 'Bearer realm="playground"' },
      });
      expect(write(undefined, { method, url: '/api/switches' }).code).toBe('unauthorized');
      expect(ask({ method }).code).toBe('passed');
    }
    for (const method of ['GET', 'HEAD', 'OPTIONS']) expect(write(undefined, { method }).code).toBe('passed');
  });
  test('passes as it is, whatever the case of its scheme', () => {
    expect(write(`Bearer ${CLOSED.apiToken}`).code).toBe('passed');
    expect(write(`bearer  ${CLOSED.apiToken} `).code).toBe('passed');
  });
  test.each([
    'Bearer x',
    'Bearer',
    'Basic dGhlLXRva2VuLW9mLXRoZS10ZXN0',
    'the-token-of-the-test',
    'Bearer the-token-of-the-test x',
  ])('is not %j', (authorization) => {
    const { code, sent, said } = write(authorization);
    expect(code).toBe('unauthorized');
    expect(sent!['www-authenticate']).toMatch(/^Bearer .*error="invalid_token"$/);
    expect(said).not.toContain(CLOSED.apiToken);
  });
});

test('secrets are compared as a whole', () => {
  expect(isSameSecret('abc', 'abc')).toBe(true);
  for (const other of ['', 'ab', 'abcd', 'abd', 'ABC']) expect(isSameSecret(other, 'abc')).toBe(false);
});
