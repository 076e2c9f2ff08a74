import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { StartError } from '../process/lifecycle.ts';
import { readSettings } from '../process/settings.ts';
import { internalSecretOf, internalSecretSettings, wallParts, wallSettings } from './wall-settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'migration-playground-wall-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = (env: Record<string, string>, args: string[] = []) => {
  const settings = { ...wallSettings, ...internalSecretSettings };
  return readSettings({ name: 'x', purpose: '', version: '', settings }, args, env);
};
const values = (env: Record<string, string>, args: string[] = []) => {
  const result = read(env, args);
  if (result.kind !== 'values') throw new Error(JSON.stringify(result));
  return result.values;
};
const TOKEN = 'a-token-of-some-length';

describe('beyond loopback', () => {
  test.each(['0.0.0.0', '::', '192.168.1.5', 'example.org'])('%s needs a token, or to be told', (host) => {
    expect(() => wallParts(values({}), host)).toThrow(StartError);
    expect(() => wallParts(values({}), host)).toThrow(/API_TOKEN.*--insecure true/);
    expect(wallParts(values({ API_TOKEN: TOKEN }), host).apiToken).toBe(TOKEN);
    expect(wallParts(values({}, ['--insecure', 'true']), host).apiToken).toBeUndefined();
  });
  test.each(['127.0.0.1', '127.0.0.9', '::1', 'localhost'])('%s is not', (host) => {
    expect(wallParts(values({}), host).apiToken).toBeUndefined();
  });
});

test('tokens and secrets come from files too, and are not printed when they are bad', () => {
  const file = join(folder, 'token');
  writeFileSync(file, `${TOKEN}\n`);
  chmodSync(file, 0o600);
  expect(wallParts(values({ API_TOKEN_FILE: file }), '0.0.0.0').apiToken).toBe(TOKEN);
  writeFileSync(file, 'bad one');
  expect(() => wallParts(values({ API_TOKEN_FILE: file }), '::1')).toThrow(/16 to 512/);
  expect(() => wallParts(values({ API_TOKEN_FILE: file }), '::1')).not.toThrow(/bad one/);
  const faulty: Record<string, string>[] = [{ API_TOKEN: 'bad one' }, { INTERNAL_SECRET: 'bad one' }];
  for (const env of faulty) {
    expect(read(env).kind).toBe('faults');
    expect(JSON.stringify(read(env))).not.toContain('bad one');
  }
});

test('who is started by hand finds the secret of the others below DATA_DIR', () => {
  const [one, two] = [1, 2].map(() => internalSecretOf({ ...values({}), DATA_DIR: folder }));
  expect(one).toMatch(/^[0-9a-f]{64}$/);
  expect(two).toBe(one);
  const given = 'x'.repeat(32);
  expect(internalSecretOf({ ...values({ INTERNAL_SECRET: given }), DATA_DIR: folder })).toBe(given);
  const file = join(folder, 'another');
  expect(internalSecretOf({ ...values({ INTERNAL_SECRET_FILE: file }), DATA_DIR: folder })).not.toBe(one);
});

test('hosts and origins are lists', () => {
  const parts = wallParts(
    values({ ALLOWED_HOSTS: 'a.example, 10.0.0.1,[::2]', ALLOWED_ORIGINS: 'https://a.example,http://b:81' }),
    '127.0.0.1',
  );
  expect(parts.allowedHosts).toEqual(['a.example', '10.0.0.1', '[::2]']);
  expect(parts.allowedOrigins).toEqual(['https://a.example', 'http://b:81']);
  const faulty: Record<string, string>[] = [
    { ALLOWED_HOSTS: 'a.example:80' },
    { ALLOWED_HOSTS: 'http://a.example' },
    { ALLOWED_HOSTS: '*' },
    { ALLOWED_HOSTS: 'a,' },
    { ALLOWED_ORIGINS: 'a.example' },
    { ALLOWED_ORIGINS: 'https://a.example/' },
    { ALLOWED_ORIGINS: 'null' },
    { ALLOWED_ORIGINS: '*' },
  ];
  for (const env of faulty) expect(read(env).kind).toBe('faults');
});
