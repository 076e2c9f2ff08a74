import { describe, expect, test } from 'vitest';
import { kafkaAccess, kafkaSettings, namespaceSettings, registrySettings } from '../boot/common-settings.ts';
import { choice, flag, integer, port, readSettings, secret, text, url } from './settings.ts';

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
  const result = read(['--mode', 'medium', 'stray', '--nope', '--example-port'], { SECRET: '' });
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
  expect(shown[2]).toMatch(/KEY is not what it should be: expected one of/);
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

describe('what may be a password is in no fault', () => {
  const settings = {
    ...kafkaSettings,
    ...registrySettings,
    DATABASE_URL: { parse: url('postgres'), help: 'where' },
    OTHER: { parse: secret(choice('x')), help: 'secret by its parser', optional: true },
    API_TOKEN: { parse: choice('x'), help: 'secret by its name', optional: true },
  } as const;
  const faultsOf = (args: string[], env: Record<string, string>): string[] => {
    const result = readSettings({ ...program, settings }, args, env);
    return result.kind === 'faults' ? result.faults : [];
  };
  test.each([
    [[], { DATABASE_URL: 'postgre://me:hunter2@host/db' }],
    [[], { DATABASE_URL: 'postgres://me:hunter2@host:port/db' }],
    [[], { DATABASE_URL: 'postgres://me:12/hunter2@host/db' }],
    [[], { DATABASE_URL: 'postgres://me:12#hunter2@host/db' }],
    [[], { DATABASE_URL: 'me:hunter2@host' }],
    [[], { DATABASE_URL: 'postgres://h/d', SCHEMA_REGISTRY_URL: 'http://me:hunter2@host/x' }],
    [[], { DATABASE_URL: 'postgres://h/d', KAFKA_BROKERS: 'me:hunter2@host:9092' }],
    [[], { DATABASE_URL: 'postgres://h/d', OTHER: 'hunter2' }],
    [[], { DATABASE_URL: 'postgres://h/d', API_TOKEN: 'hunter2' }],
    [['--database-url', 'x://me:hunter2@host'], {}],
    [['--kafka-sasl-pasword', 'hunter2'], { DATABASE_URL: 'postgres://h/d' }],
    [['postgres://me:hunter2@host/db'], { DATABASE_URL: 'postgres://h/d' }],
  ])('%j %j', (args, env) => {
    const faults = faultsOf(args, env);
    expect(faults).toHaveLength(1);
    expect(faults.join()).not.toContain('hunter2');
  });
});

test('a default may be looked up; what is not found is a fault that says what to give', () => {
  const find = (env: Record<string, string | undefined>): string => {
    if (env['HINT'] === undefined) throw new Error('there is no hint');
    return env['HINT'];
  };
  const looked = {
    ...program,
    settings: { IT: { parse: text, help: 'it', lookup: { shown: 'a hint', find } } },
  };
  expect(readSettings(looked, [], { HINT: 'x' })).toEqual({ kind: 'values', values: { IT: 'x' } });
  expect(readSettings(looked, [], { IT: 'y' })).toEqual({ kind: 'values', values: { IT: 'y' } });
  expect(readSettings(looked, [], {})).toEqual({
    kind: 'faults',
    faults: ['--it (or IT) is missing: there is no hint'],
  });
  expect(readSettings(looked, ['--help'], {})).toMatchObject({
    text: expect.stringMatching(/default a hint/),
  });
});

test.each([
  ['pg_mine', /Postgres does not keep/],
  ['public', /Postgres does not keep/],
  ['information_schema', /Postgres does not keep/],
  ['Mine', /a small letter/],
])('the namespace %s is refused', (name, reason) => {
  const result = readSettings({ ...program, settings: namespaceSettings }, [], { NAMESPACE: name });
  expect(result).toMatchObject({ kind: 'faults', faults: [expect.stringMatching(reason)] });
});

test.each([
  ['[::1]:9092', true],
  ['[::1]:9092,[fe80::1]:9093,a:1', true],
  ['::1:9092', false],
  ['[::1]', false],
  ['[nonsense]:9092', false],
  ['a:0', false],
  ['a:70000', false],
  ['a:1,', false],
])('brokers %s: %s', (brokers, isGood) => {
  const result = readSettings({ ...program, settings: kafkaSettings }, [], { KAFKA_BROKERS: brokers });
  expect(result.kind).toBe(isGood ? 'values' : 'faults');
});
