/** The processes as such: settings, what is missing, limits, second instances, local stores, how they end. */
import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { EXIT_CANNOT_START } from '../shared/process/lifecycle.ts';
import { freePorts } from '../scripts/stack/ports.ts';
import { openTestDatabase } from './fresh-database.ts';
import { call, callRaw, eventually } from './http-client.ts';
import { startPlayground, type Playground, type Service } from './playground.ts';

const main = (service: Service | 'run-apis'): string =>
  fileURLToPath(
    new URL(service === 'run-apis' ? '../scripts/run-apis.ts' : `../${service}/main.ts`, import.meta.url),
  );

interface Ended {
  readonly status: number | null;
  readonly out: string;
}

/** Runs a process to its end. */
const run = (
  service: Service | 'run-apis',
  args: string[],
  env: Record<string, string> = {},
): Promise<Ended> =>
  new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [main(service), ...args],
      { env: { ...process.env, NODE_NO_WARNINGS: '1', ...env } },
      (_error, stdout, stderr) => resolve({ status: child.exitCode, out: stdout + stderr }),
    );
  });

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

const start = async (master: 'original' | 'shiny', env: Record<string, string> = {}): Promise<Playground> => {
  const playground = await startPlayground({ master, stack: inject('stack'), env });
  cleanUps.push(() => playground.stop());
  return playground;
};
const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'migration-playground-processes-'));
  cleanUps.push(async () => rmSync(folder, { recursive: true, force: true }));
  return folder;
};
/** One more instance of a service, on a playground that runs. */
const another = async (service: Service, on: Playground, env: Record<string, string>) => {
  const lines: string[] = [];
  const child = spawn(process.execPath, [main(service)], {
    env: { ...on.env, ...inject('stack'), ORIGINAL_URL: on.original, ...env },
  });
  child.stdout.on('data', (chunk: Buffer) => lines.push(chunk.toString()));
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', (status) => resolve(status));
  });
  cleanUps.push(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, ended, lines };
};
const createThing = (url: string, headers: Record<string, string> = {}) =>
  call('POST', `${url}/api/things/`, { body: { name: 'a', foo: 1 }, headers });

describe('settings', () => {
  test.each(['original-api', 'shiny-api', 'updater', 'run-apis'] as const)(
    '%s lists them, and says its version',
    async (service) => {
      const [help, javaHelp, version] = [
        await run(service, ['--help']),
        await run(service, ['-help']),
        await run(service, ['--version']),
      ];
      expect(help.status).toBe(0);
      expect(help.out).toMatch(/--kafka-brokers\s+KAFKA_BROKERS\s+.*default 127\.0\.0\.1:9092/);
      expect(javaHelp.out).toBe(help.out);
      expect([version.status, version.out]).toEqual([0, `${service} 0.1.0\n`]);
    },
  );
  test('all faults are listed at once, with status 2, and nothing is started', async () => {
    const { status, out } = await run('shiny-api', ['--shiny-port', 'x', '--bogus', '1', 'stray'], {
      KAFKA_BROKERS: 'nowhere',
      IN_FLIGHT_MAX: '0',
      NAMESPACE: 'Not Good',
    });
    expect(status).toBe(2);
    for (const fault of ['--shiny-port', '--bogus', 'stray', 'KAFKA_BROKERS', 'IN_FLIGHT_MAX', 'NAMESPACE'])
      expect(out).toContain(fault);
    expect(out).not.toContain('listening');
  });
});

describe('what is missing is named, after a bounded wait, with status 78', () => {
  const started = performance.now();
  test.each([
    ['updater', 'KAFKA_BROKERS', '127.0.0.1:1', 'Kafka at 127.0.0.1:1'],
    [
      'shiny-api',
      'SCHEMA_REGISTRY_URL',
      'http://127.0.0.1:1/x',
      'the schema registry at http://127.0.0.1:1/x',
    ],
    ['original-api', 'DATABASE_URL', 'postgres://u:p@127.0.0.1:1/x', 'Postgres at 127.0.0.1:1'],
    ['shiny-api', 'NAMESPACE', 'nobody-made-this', 'the namespace nobody-made-this'],
  ] as const)('%s without %s', async (service, variable, value, named) => {
    const { status, out } = await run(service, ['--start-wait-ms', '500'], {
      ...inject('stack'),
      DATA_DIR: temporaryFolder(),
      [variable]: value,
    });
    expect([status, out.includes(`${named} did not answer within 500 ms`)], out).toEqual([
      EXIT_CANNOT_START,
      true,
    ]);
    expect(performance.now() - started).toBeLessThan(60_000);
  });
  test('a port that is taken, with the variable that moves it', async () => {
    const on = await start('shiny');
    const { status, out } = await run('shiny-api', ['--data-dir', temporaryFolder()], {
      ...inject('stack'),
      NAMESPACE: on.namespace,
      SHINY_PORT: new URL(on.shiny).port,
    });
    expect(status).toBe(EXIT_CANNOT_START);
    expect(out).toMatch(/port \d+ is taken.*SHINY_PORT/);
  });
});

describe('log and database belong together', () => {
  test('another log, or one of the two wiped, is a refusal to start', async () => {
    const on = await start('original');
    expect((await createThing(on.original)).status).toBe(200);
    await on.end();
    const pool = await openTestDatabase(on.namespace);
    cleanUps.push(() => pool.end());

    await pool.query("update genesis set id = 'another'");
    await expect(on.start()).rejects.toThrow(/database belongs to the log with genesis another/);

    await pool.query(`drop schema "${on.namespace}" cascade`);
    await expect(on.start()).rejects.toThrow(/has records of Original, but the database is empty/);
  });
});

describe('an outcome that does not come in time', () => {
  test('is 504 "not known", and its address later tells the truth', async () => {
    const on = await start('shiny', { RESPONSE_WAIT_MS: '700' });
    expect((await createThing(on.shiny)).status).toBe(200);
    const key = randomUUID();
    process.kill(on.pid('updater'), 'SIGSTOP');
    const late = await createThing(on.shiny, { 'idempotency-key': key });
    expect([late.status, late.headers['x-command-id']]).toEqual([504, key]);
    expect(late.json['error-message']).toMatch(/outcome is not known/);
    const address = `${on.shiny}${late.headers.location}`;
    expect((await call('GET', address)).json).toMatchObject({ id: key, status: 'pending' });
    process.kill(on.pid('updater'), 'SIGCONT');
    const truth = await eventually(async () => {
      const { json } = await call('GET', address);
      expect(json.status).toBe('decided');
      return json;
    });
    const again = await createThing(on.shiny, { 'idempotency-key': key });
    expect([again.status, again.json]).toEqual([200, truth.answer.body]);
  });

  test('too many requests in flight are 503, before anything is written', async () => {
    const on = await start('shiny', { IN_FLIGHT_MAX: '2', RESPONSE_WAIT_MS: '3000' });
    process.kill(on.pid('updater'), 'SIGSTOP');
    const key = randomUUID();
    const waiting = [createThing(on.shiny), createThing(on.shiny)];
    const refused = await eventually(async () => {
      const answer = await createThing(on.shiny, { 'idempotency-key': key });
      expect(answer.status).toBe(503);
      return answer;
    });
    expect(refused.headers['retry-after']).toBe('1');
    expect(refused.headers['x-command-id']).toBeUndefined();
    process.kill(on.pid('updater'), 'SIGCONT');
    for (const answer of await Promise.all(waiting)) expect(answer.status).toBe(200);
    expect((await call('GET', `${on.shiny}/api/commands/${key}`)).status).toBe(404);
  });

  test('a slow client is 408, in our shape', async () => {
    const on = await start('shiny');
    const [headers, body] = await Promise.all([
      callRaw(on.shiny, 'GET /api/things/ HTTP/1.1\r\nhost: localhost\r\nx-slow'),
      callRaw(
        on.original,
        'POST /api/things/ HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"name"',
      ),
    ]);
    for (const answer of [headers, body]) expect(answer).toMatch(/^HTTP\/1\.1 408 [^]*"error-message"/);
  });
});

describe('second instances', () => {
  test('a second Shiny with its own folder rebuilds and serves the same; a folder in use is refused', async () => {
    const on = await start('original');
    const { json } = await createThing(on.original);
    const [port] = await freePorts(1);
    await another('shiny-api', on, { SHINY_PORT: String(port), DATA_DIR: temporaryFolder() });
    const second = `http://127.0.0.1:${port}`;
    await eventually(async () => {
      const [ours, theirs] = [
        await call('GET', `${on.shiny}/api/things/`),
        await call('GET', `${second}/api/things/`),
      ];
      expect(theirs.text).toBe(ours.text);
      expect(theirs.json).toMatchObject([{ id: String(json.id) }]);
    });
    const written = await call('PUT', `${second}/api/things/${json.id}`, {
      body: { name: 'b', foo: 2, version: 0 },
    });
    expect(written.json).toMatchObject({ version: '1' });
    const latest = await call('GET', `${on.shiny}/api/things/${json.id}`, {
      headers: { 'cache-control': 'no-cache' },
    });
    expect(latest.text).toBe(written.text);

    const third = await another('shiny-api', on, { SHINY_PORT: '0' });
    expect(await third.ended).toBe(EXIT_CANNOT_START);
    expect(third.lines.join('')).toMatch(/is in use by another process/);
  });

  test.each(['original', 'shiny'] as const)(
    'two updaters, %s is master: each command is decided once, and one may be paused and wake',
    async (master) => {
      const on = await start(master);
      await another('updater', on, { UPDATER_PORT: '0', DATA_DIR: temporaryFolder() });
      const { json } = await createThing(on.shiny);
      let version = 0;
      const write = async () => {
        const answer = await call('PUT', `${on.shiny}/api/things/${json.id}`, {
          body: { name: 'b', foo: 2, version },
        });
        expect(answer.status, answer.text).toBe(200);
        version++;
        expect(answer.json.version).toBe(String(version));
      };
      for (let index = 0; index < 30; index++) await write();
      process.kill(on.pid('updater'), 'SIGSTOP');
      for (let index = 0; index < 30; index++) await write();
      process.kill(on.pid('updater'), 'SIGCONT');
      for (let index = 0; index < 30; index++) await write();
      const commands = (await call('GET', `${on.shiny}/api/commands/?limit=1000`)).json as {
        status: string;
        answer: { status: number };
      }[];
      expect(commands).toHaveLength(91);
      for (const { status, answer } of commands) expect([status, answer.status]).toEqual(['decided', 200]);
    },
  );

  test('a second Original API relays, mirrors and answers as well', async () => {
    const on = await start('shiny');
    const [port] = await freePorts(1);
    await another('original-api', on, { ORIGINAL_PORT: String(port) });
    const second = `http://127.0.0.1:${port}`;
    await eventually(async () => expect((await call('GET', `${second}/health/ready`)).status).toBe(200));
    for (let index = 0; index < 20; index++) {
      const created = await createThing(index % 2 === 0 ? second : on.original);
      expect(created.status, created.text).toBe(200);
    }
    await eventually(async () => {
      const [one, two] = [
        await call('GET', `${on.original}/api/things/`),
        await call('GET', `${second}/api/things/`),
      ];
      expect(one.json).toHaveLength(20);
      expect(two.text).toBe(one.text);
    });
  });
});

describe('the local store of Shiny', () => {
  test('a restart replays the tail only; a damaged store is thrown away and rebuilt, and it says so', async () => {
    const CREATED = 20;
    const on = await start('original');
    for (let index = 0; index < CREATED; index++) await createThing(on.shiny);
    const before = await call('GET', `${on.shiny}/api/things/`);
    expect(await on.end()).toBe(0);

    const said = (): string => on.lines.filter((line) => line.startsWith('shiny-api')).join('\n');
    const printed = said().length;
    await on.start();
    expect((await call('GET', `${on.shiny}/api/things/`)).text).toBe(before.text);
    const again = said().slice(printed);
    expect(again).not.toMatch(/thrown away/);
    // The relay may have published the last entries of the feed after Shiny had ended.
    const [, records = '0'] = /"records":(\d+).*caught up/.exec(again) ?? [];
    expect(Number(records)).toBeLessThan(CREATED);

    await on.end();
    const folder = join(on.env['DATA_DIR']!, on.namespace, 'shiny-api');
    expect(readdirSync(folder)).toContain('fold.lmdb');
    writeFileSync(join(folder, 'fold.lmdb'), Buffer.alloc(64 * 1024, 7));
    await on.start();
    expect((await call('GET', `${on.shiny}/api/things/`)).text).toBe(before.text);
    expect(said()).toMatch(/thrown away and rebuilt/);
  });
});

test('SIGTERM: what is in flight is finished, and run-apis ends with 0', async () => {
  const on = await start('shiny', { RESPONSE_WAIT_MS: '5000' });
  process.kill(on.pid('updater'), 'SIGSTOP');
  const key = randomUUID();
  const inFlight = createThing(on.shiny, { 'idempotency-key': key });
  await eventually(async () =>
    expect((await call('GET', `${on.shiny}/api/commands/${key}`)).status).toBe(200),
  );
  process.kill(on.pid('shiny-api'), 'SIGTERM');
  process.kill(on.pid('updater'), 'SIGCONT');
  expect((await inFlight).status).toBe(200);
  await eventually(async () =>
    expect(on.lines.join('\n')).toMatch(/shiny-api ended with status 0, starting it again/),
  );
  await eventually(async () => expect((await call('GET', `${on.shiny}/health/ready`)).status).toBe(200));
  expect(await on.end()).toBe(0);

  const other = await start('original');
  expect(await other.end()).toBe(0);
  await expect(call('GET', `${other.shiny}/health/live`)).rejects.toThrow('ECONNREFUSED');
});

test('a namespace of its own name, on the same stack, knows nothing of the others', async () => {
  const [one, two] = [await start('original'), await start('shiny')];
  await createThing(one.shiny);
  expect((await call('GET', `${two.shiny}/api/things/`)).json).toEqual([]);
});
