/** The wall around the real processes: who may ask for what, and who is not believed. */
import { chmodSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { EXIT_CANNOT_START } from '../shared/process/lifecycle.ts';
import { freePorts } from '../scripts/stack/ports.ts';
import { partitionOfCommand, thingCommand } from '../shared/domain/command.ts';
import { call, callRaw, eventually } from './http-client.ts';
import { startPlayground, type Playground, type Service } from './playground.ts';
import { createThing, expectRefused, run, temporaryFolder, withService } from './wall-runs.ts';

const PARTITIONS = 12;

const mastershipOf = async (on: Playground): Promise<{ owner: string; epoch: number }[]> => {
  const { json } = await call('GET', `${on.updater}/api/mastership`);
  return (json as { partitions: { owner: string; epoch: number }[] }).partitions;
};
describe('two namespaces beside each other', () => {
  let one: Playground;
  let two: Playground;
  let genesisOfOne: string;
  beforeAll(async () => {
    one = await startPlayground({ master: 'original', stack: inject('stack') });
    two = await startPlayground({ master: 'original', stack: inject('stack') });
    const secret = { 'x-playground-secret': one.env['INTERNAL_SECRET']! };
    const { json } = await call('GET', `${one.original}/internal/identity`, { headers: secret });
    genesisOfOne = (json as { genesis: string }).genesis;
  });
  afterAll(async () => {
    await one.stop();
    await two.stop();
  });
  const known = (more: Record<string, string> = {}): Record<string, string> => ({
    'x-playground-secret': one.env['INTERNAL_SECRET']!,
    'x-playground-genesis': genesisOfOne,
    ...more,
  });

  test('a page of a stranger neither switches nor reads, whatever its name is bound to', async () => {
    const body = { to: 'shiny' };
    const switches = `${one.updater}/api/switches`;
    const rebound = { host: 'evil.example', origin: 'http://evil.example' };
    expectRefused(await call('POST', switches, { body, headers: rebound }), 421, 'misdirected');
    for (const origin of ['http://evil.example', 'null'])
      expectRefused(await call('POST', switches, { body, headers: { origin } }), 403, 'forbidden');
    const crossSite = { 'sec-fetch-site': 'cross-site' };
    expectRefused(await call('POST', switches, { body, headers: crossSite }), 403, 'forbidden');
    for (const url of [one.original, one.shiny, one.updater]) {
      for (const path of [
        '/api/things/',
        '/api/mastership',
        '/openapi.json',
        '/health/ready',
        '/metrics',
        '/none',
      ])
        expectRefused(
          await call('GET', `${url}${path}`, { headers: { host: 'evil.example' } }),
          421,
          'misdirected',
        );
    }
    const own = { origin: one.updater, host: new URL(one.updater).host };
    const dryRun = { to: 'shiny', dry_run: true };
    expect((await call('POST', switches, { body: dryRun, headers: own })).status).toBe(200);
    expect(await mastershipOf(one)).toMatchObject(
      Array.from({ length: PARTITIONS }, () => ({ owner: 'original' })),
    );
  });

  test('probes may ask by any address, and HTTP/1.0 without a Host', async () => {
    const headers = { host: '10.1.2.3:80' };
    for (const path of ['/health/live', '/health/ready', '/metrics'])
      expect((await call('GET', `${one.shiny}${path}`, { headers })).status).toBe(200);
    expectRefused(await call('GET', `${one.shiny}/api/things/`, { headers }), 421, 'misdirected');
    expect(await callRaw(one.shiny, 'GET /api/things/ HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('/internal does nothing for those who do not know the secret, or are of another genesis', async () => {
    const body = { partition: 3, epoch: 1 };
    const fence = (headers: Record<string, string>, path = '/internal/fence') =>
      call('POST', `${one.original}${path}`, { body, headers });
    for (const path of ['/internal/fence', '/%69nternal/fence', '//internal/fence', '/internal/nothing']) {
      expectRefused(await fence({}, path), 403, 'forbidden');
      expectRefused(await fence(known({ 'x-playground-secret': 'x'.repeat(64) }), path), 403, 'forbidden');
    }
    expectRefused(await fence({ 'x-playground-secret': one.env['INTERNAL_SECRET']! }), 421, 'other-genesis');
    const other = await fence(known({ 'x-playground-genesis': 'another' }));
    expectRefused(other, 421, 'other-genesis');
    expect(other.json['error-message']).toMatch(new RegExp(`genesis ${genesisOfOne} .* genesis another`));
    expect(await mastershipOf(one)).toMatchObject(Array.from({ length: PARTITIONS }, () => ({ epoch: 0 })));
    const row = await call('GET', `${one.original}/internal/mastership/3`, { headers: known() });
    expect(row.json).toMatchObject({ owner: 'original', epoch: 0 });
  });

  test('is refused before its body is there', async () => {
    const head = `POST /internal/fence HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 60000\r\n\r\n`;
    expect(await callRaw(one.original, head)).toMatch(/^HTTP\/1\.1 403 /);
  });

  test('/internal/decide takes only what belongs to the partition and could have been asked for', async () => {
    const decide = (body: object) =>
      call('POST', `${one.original}/internal/decide`, { body, headers: known() });
    const command = thingCommand({ type: 'create', name: 'forged', foo: 1 }, 'forged-1', Date.now());
    const partition = partitionOfCommand(command, PARTITIONS);
    // The updater passes over what cannot be decided, and asks again about every other refusal.
    for (const body of [
      { partition: (partition + 1) % PARTITIONS, token: 0, command },
      { partition, token: 0, command: { ...command, payloadHash: '0'.repeat(32) } },
      { partition, token: 0, command: { ...command, name: 'a\0b' } },
    ])
      expectRefused(await decide(body), 400, 'undecidable');
    expectRefused(await decide({ partition, token: -1, command }), 400, 'bad-request');
    const listed = await call('GET', `${one.original}/api/things/`, {
      headers: { 'cache-control': 'no-cache' },
    });
    expect(listed.text).not.toContain('forged');
    expect((await decide({ partition, token: 0, command })).status).toBe(200);
  });

  test.each<Service>(['updater', 'shiny-api'])(
    'an ORIGINAL_URL that leads to the other one ends the %s, and nothing is decided there',
    async (service) => {
      const [port] = await freePorts(1);
      const folder = temporaryFolder();
      // The same secret or another one: it is found out by the genesis.
      for (const secret of [two.env['INTERNAL_SECRET'], one.env['INTERNAL_SECRET']]) {
        const env = {
          ...two.env,
          ...inject('stack'),
          INTERNAL_SECRET: secret,
          ORIGINAL_URL: one.original,
          DATA_DIR: folder,
          SHINY_PORT: String(port),
          UPDATER_PORT: String(port),
        };
        const { status, out } = await run(`${service}/main.ts`, [], env);
        expect(status, out).toBe(EXIT_CANNOT_START);
        expect(out).toMatch(
          new RegExp(`leads to the Original API of genesis ${genesisOfOne} \\(namespace ${one.namespace}\\)`),
        );
        expect(out).not.toContain(secret);
      }
      const key = { 'idempotency-key': `through-two-${service}` };
      expect((await createThing(two.shiny, key, { name: 'of two', foo: 1 })).status).toBe(200);
      const listed = await call('GET', `${one.original}/api/things/`, {
        headers: { 'cache-control': 'no-cache' },
      });
      expect(listed.text).not.toContain('of two');
    },
  );

  test('another secret ends a service, with a sentence', async () => {
    const [port] = await freePorts(1);
    const env = {
      ...one.env,
      ...inject('stack'),
      INTERNAL_SECRET: 'y'.repeat(64),
      ORIGINAL_URL: one.original,
      DATA_DIR: temporaryFolder(),
      UPDATER_PORT: String(port),
    };
    const { status, out } = await run('updater/main.ts', [], env);
    expect([status, out]).toEqual([
      EXIT_CANNOT_START,
      expect.stringMatching(/has another internal secret: give both the same/),
    ]);
    expect(out).not.toContain('y'.repeat(64));
  });
});

describe('started by hand', () => {
  test('Original and updater on one machine draw one secret below DATA_DIR, and find each other', async () => {
    const on = await startPlayground({ master: 'original', stack: inject('stack') });
    try {
      const [originalPort, updaterPort] = await freePorts(2);
      const folder = temporaryFolder();
      const env = {
        ...on.env,
        ...inject('stack'),
        INTERNAL_SECRET: '',
        DATA_DIR: folder,
        ORIGINAL_PORT: String(originalPort),
        UPDATER_PORT: String(updaterPort),
        ORIGINAL_URL: `http://127.0.0.1:${originalPort}`,
      };
      await withService('original-api', env, () =>
        withService('updater', env, async (lines) => {
          await eventually(async () => {
            const dryRun = { to: 'shiny', dry_run: true };
            const asked = await call('POST', `http://127.0.0.1:${updaterPort}/api/switches`, {
              body: dryRun,
            });
            // The dry run asks Original for the row of each partition.
            expect(asked.text, lines.join('')).toMatch(/"partitions":\[\{/);
            expect(asked.text).not.toMatch(/answered 403|does not answer/);
          });
          expect(statSync(join(folder, 'internal.secret')).mode & 0o777).toBe(0o600);
        }),
      );
      chmodSync(join(folder, 'internal.secret'), 0o644);
      const { status, out } = await run('original-api/main.ts', [], env);
      expect([status, out]).toEqual([
        EXIT_CANNOT_START,
        expect.stringMatching(/has mode 0644: a secret must have 0600/),
      ]);
    } finally {
      await on.stop();
    }
  });

  test.each([
    ['original-api/main.ts', 'ORIGINAL_HOST'],
    ['shiny-api/main.ts', 'SHINY_HOST'],
    ['updater/main.ts', 'UPDATER_HOST'],
    ['scripts/run-apis.ts', 'UPDATER_HOST'],
    ['scripts/run.ts', 'SHINY_HOST'],
  ])('%s refuses to listen beyond loopback without a token', async (path, variable) => {
    const env = { ...process.env, ...inject('stack'), DATA_DIR: temporaryFolder(), [variable]: '0.0.0.0' };
    const { status, out } = await run(path, [], env);
    expect([status, out]).toEqual([EXIT_CANNOT_START, expect.stringMatching(/API_TOKEN.*--insecure true/)]);
    expect(out).not.toContain('listening');
  });

  test('a token is no flag, which would show in the list of processes', async () => {
    const { status, out } = await run('updater/main.ts', ['--api-token', 'not-to-be-shown'], {
      ...process.env,
    });
    expect([status, out]).toEqual([2, expect.stringContaining('set API_TOKEN instead')]);
    expect(out).not.toContain('not-to-be-shown');
  });
});
