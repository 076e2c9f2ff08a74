import { describe, expect, test } from 'vitest';
import { kafkaAccess, kafkaSettings } from './common-settings.ts';
import { choice, flag, integer, port, readSettings, text, url } from './settings.ts';

const program = {
  name: 'example',
  purpose: 'shows settings',
  version: '1.2.3',
  settings: {
    EXAMPLE_PORT: { parse: port, help: 'where it listens', default: '80' },
    MODE: { parse: choice('slow', 'fast'), help: 'how', default: 'slow' },
    NAME: { parse: text, help: 'who' },
    SECRET: { parse: text, help: 'optional', optional: true },
    KEY: { parse: choice('a-good-one'), help: 'opens', optional: true, secret: true },
  },
} as const;

const read = (args: string[], env: Record<string, string> = {}) => readSettings(program, args, env);

describe('values', () => {
  test('flags win over variables, and these over defaults', () => {
    expect(read(['--name', 'x'], { EXAMPLE_PORT: '81', MODE: 'fast', NAME: 'y' })).toEqual({
      kind: 'values',
      values: { EXAMPLE_PORT: 81, MODE: 'fast', NAME: 'x' },
    });
    expect(read(['--example-port=82'], { EXAMPLE_PORT: '81', NAME: 'y' })).toMatchObject({
      values: { EXAMPLE_PORT: 82 },
    });
  });
  test('an empty variable counts as not given', () => {
    expect(read([], { NAME: 'x', MODE: '' })).toMatchObject({ values: { MODE: 'slow' } });
  });
});

test('all faults at once, each with what was expected', () => {
  const result = read(['--mode', 'medium', '--nope', 'stray', '--example-port'], { SECRET: '' });
  expect(result.kind).toBe('faults');
  const faults = result.kind === 'faults' ? result.faults.join('\n') : '';
  expect(faults).toMatch(/--mode is "medium": expected one of slow, fast/);
  expect(faults).toMatch(/--nope is not a setting/);
  expect(faults).toMatch(/"stray" is not expected here/);
  expect(faults).toMatch(/--example-port needs a value/);
  expect(faults).toMatch(/--name \(or NAME\) is missing: who/);
});

test('a secret comes from the environment alone, and is never shown', () => {
  expect(read(['--name', 'x'], { KEY: 'a-good-one' })).toMatchObject({ values: { KEY: 'a-good-one' } });
  const shown = [
    read(['--name', 'x', '--key', 'a-good-one']),
    read(['--name', 'x', '--key=wrong-one']),
    read(['--name', 'x'], { KEY: 'wrong-one' }),
    read(['--help'], { KEY: 'a-good-one' }),
  ].map((result) =>
    result.kind === 'faults' ? result.faults.join() : result.kind === 'text' ? result.text : '',
  );
  expect(shown[0]).toMatch(/--key would show in the list of processes: set KEY instead/);
  expect(shown[1]).toBe(shown[0]);
  expect(shown[2]).toMatch(/KEY is not usable: expected one of/);
  expect(shown[3]).toMatch(/ KEY +opens/);
  expect(shown[3]).not.toMatch(/--key/);
  for (const text of shown) expect(text).not.toMatch(/wrong-one/);
  expect(shown[0]).not.toMatch(/a-good-one/);
});

test('help shows flags, variables, defaults and what is required', () => {
  for (const flagOfHelp of ['--help', '-help', '-h']) {
    const result = read([flagOfHelp, '--nope']);
    const shown = result.kind === 'text' ? result.text : '';
    expect(shown).toMatch(/--example-port +EXAMPLE_PORT +where it listens \(default 80\)/);
    expect(shown).toMatch(/--name +NAME +who \(required\)/);
    expect(shown).toMatch(/--secret +SECRET +optional\n/);
  }
  expect(read(['--version'])).toEqual({ kind: 'text', text: 'example 1.2.3' });
});

test.each([
  [integer(1, 5), '5', 5],
  [flag, 'yes', true],
  [flag, '0', false],
  [url('http'), 'http://x:1/y/', 'http://x:1/y'],
])('reads %#', (parse, given, value) => {
  expect(parse(given)).toEqual(value);
});
test.each([
  [integer(1, 5), '6'],
  [integer(1, 5), '2.0'],
  [integer(1, 5), ''],
  [port, '65536'],
  [flag, 'maybe'],
  [url('http'), 'ftp://x'],
  [url('http'), 'x'],
  [text, ''],
])('refuses %#', (parse, given) => {
  expect(() => parse(given)).toThrow();
});

describe('Kafka access', () => {
  const access = (env: Record<string, string>) => {
    const result = readSettings({ ...program, settings: kafkaSettings }, [], env);
    if (result.kind !== 'values') throw new Error(JSON.stringify(result));
    return kafkaAccess('client', result.values);
  };
  test('several brokers, TLS and SASL', () => {
    const given = {
      KAFKA_BROKERS: 'a:1,b:2',
      KAFKA_TLS: 'true',
      KAFKA_SASL_MECHANISM: 'scram-sha-512',
      KAFKA_SASL_USERNAME: 'u',
      KAFKA_SASL_PASSWORD: 'p',
    };
    expect(access(given)).toEqual({
      client: 'platformatic',
      clientId: 'client',
      brokers: ['a:1', 'b:2'],
      replicationFactor: 1,
      tls: {},
      sasl: { mechanism: 'scram-sha-512', username: 'u', password: 'p' },
    });
  });
  test('a mechanism without its credentials is a fault', () => {
    expect(() => access({ KAFKA_SASL_MECHANISM: 'plain' })).toThrow(/KAFKA_SASL_USERNAME/);
  });
});
