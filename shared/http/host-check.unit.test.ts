import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { createHostCheck, createOriginCheck, isLoopback, type HostCheckParts } from './host-check.ts';
import type { Area } from './request-path.ts';

const PARTS: HostCheckParts = {
  listenHost: '127.0.0.1',
  allowedHosts: ['playground.example'],
  allowedOrigins: ['https://admin.example'],
};

const lowerCase = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
const message = (
  headers: Readonly<Record<string, string>>,
  { method = 'GET', url = '/api/things/', localAddress = '127.0.0.1', localPort = 3000 } = {},
) =>
  ({
    method,
    url,
    rawHeaders: Object.entries(headers).flat(),
    headers: lowerCase(headers),
    socket: { localAddress, localPort },
  }) as never as IncomingMessage;

/** The code of the refusal, or 'passed'. */
const codeOf = (check: () => void): string => {
  try {
    check();
    return 'passed';
  } catch (error) {
    return (error as { code: string }).code;
  }
};
const hostCode = (host: string, parts = PARTS, area: Area = 'api', more = {}): string =>
  codeOf(() => createHostCheck(parts).check(message({ Host: host }, more), area));
const originCode = (headers: Readonly<Record<string, string>>, more = {}): string =>
  codeOf(() =>
    createOriginCheck(PARTS, createHostCheck(PARTS))(message({ Host: '127.0.0.1:3000', ...headers }, more)),
  );

describe('Host', () => {
  test.each([
    'localhost',
    'LocalHost:3000',
    '127.0.0.1:3000',
    '127.9.8.7',
    '127.1',
    '[::1]:3000',
    '[0:0:0:0:0:0:0:1]',
    'playground.example',
    'PLAYGROUND.example:80',
  ])('%s is ours', (host) => expect(hostCode(host)).toBe('passed'));

  test.each([
    'evil.example',
    'evil.example:3000',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil-playground.example',
    'x.playground.example',
    'x.localhost',
    '192.168.1.5:3000',
    '0.0.0.0:3000',
    '[::ffff:8.8.8.8]',
    '',
  ])('%j is somebody else', (host) => expect(hostCode(host)).toBe('misdirected'));

  test.each(['localhost/x', 'user@localhost', 'localhost, evil.example', 'localhost:x', '[::1', 'ä.example'])(
    '%j is no Host',
    (host) => expect(hostCode(host)).toBe('bad-request'),
  );

  test('of each of several the same is asked, and of the target in absolute form', () => {
    const { check } = createHostCheck(PARTS);
    const url = 'http://evil.example/api/things/';
    expect(codeOf(() => check(message({ host: 'localhost' }, { url }), 'api'))).toBe('misdirected');
    expect(codeOf(() => check(message({ host: 'localhost' }, { url: 'http://localhost/api' }), 'api'))).toBe(
      'passed',
    );
  });

  test('none, as in HTTP/1.0, passes', () => {
    expect(codeOf(() => createHostCheck(PARTS).check(message({}), 'api'))).toBe('passed');
  });

  test('probes ask health and metrics by any address, but not by a name', () => {
    expect(hostCode('10.1.2.3:3000', PARTS, 'operation')).toBe('passed');
    expect(hostCode('[fd00::1]', PARTS, 'operation')).toBe('passed');
    expect(hostCode('evil.example', PARTS, 'operation')).toBe('misdirected');
  });

  test('on all addresses, the one that the client has reached is ours', () => {
    const parts = { ...PARTS, listenHost: '0.0.0.0' };
    expect(hostCode('192.168.1.5:3000', parts, 'api', { localAddress: '192.168.1.5' })).toBe('passed');
    expect(hostCode('192.168.1.5:3000', parts, 'api', { localAddress: '::ffff:192.168.1.5' })).toBe('passed');
    expect(hostCode('192.168.1.6:3000', parts, 'api', { localAddress: '192.168.1.5' })).toBe('misdirected');
  });
  test('what passed by the connection of one client does not pass for another', () => {
    const { check } = createHostCheck({ ...PARTS, listenHost: '0.0.0.0' });
    const from = (localAddress: string) =>
      codeOf(() => check(message({ host: '10.0.0.1' }, { localAddress }), 'api'));
    expect([from('10.0.0.1'), from('10.0.0.2')]).toEqual(['passed', 'misdirected']);
  });
});

describe('Origin', () => {
  test.each(['http://127.0.0.1:3000', 'http://localhost:3000', 'http://[::1]:3000', 'https://admin.example'])(
    'a page of %s may ask',
    (Origin) => expect(originCode({ Origin })).toBe('passed'),
  );
  test.each([
    'null',
    'http://evil.example',
    'http://evil.example:3000',
    'http://127.0.0.1:8000',
    'http://localhost',
    'http://admin.example',
    'https://admin.example.evil.example',
    'file://',
    '',
  ])('a page of %j may not', (Origin) => expect(originCode({ Origin })).toBe('forbidden'));

  test('without an Origin only the write of a browser from another site is refused', () => {
    expect(originCode({}, { method: 'POST' })).toBe('passed');
    expect(originCode({ 'Sec-Fetch-Site': 'cross-site' })).toBe('passed');
    expect(originCode({ 'Sec-Fetch-Site': 'cross-site' }, { method: 'POST' })).toBe('forbidden');
    expect(originCode({ 'Sec-Fetch-Site': 'cross-site' }, { method: 'DELETE' })).toBe('forbidden');
    expect(originCode({ 'Sec-Fetch-Site': 'none' }, { method: 'POST' })).toBe('passed');
  });
});

test.each([
  ['127.0.0.1', true],
  ['127.1.2.3', true],
  ['::1', true],
  ['localhost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['::ffff:127.0.0.1', false],
  ['127.0.0.1.example', false],
  ['a.example', false],
  ['not a host', false],
])('loopback: %s %s', (host, expected) => expect(isLoopback(host)).toBe(expected));
