/** `make run` and the local stack: they start, keep data, say what is wrong, and leave no orphan behind. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { localDatabaseUrl } from '../shared/process/local-database.ts';
import { MARK_FILE } from '../shared/process/own-folder.ts';
import { EXIT_CANNOT_START } from '../shared/process/lifecycle.ts';
import { folderUsers } from '../scripts/folder-users.ts';
import { outsideOf } from '../scripts/stack/outside-folder.ts';
import { freePorts } from '../scripts/stack/ports.ts';
import { call, eventually } from './http-client.ts';

const START_TWICE_MAX_MS = 180_000;

let folder: string;
let running: ChildProcess[];
beforeEach(() => {
  // Characters that Kafka's settings, a class path, a shell or Java could stumble over.
  folder = mkdtempSync(join(tmpdir(), `migration-playground-local ä,;'"$HOME %41 #x:`));
  running = [];
});
afterEach(async () => {
  for (const child of running) child.kill('SIGKILL');
  await eventually(async () => expect(processesIn(folder)).toEqual([]));
  rmSync(folder, { recursive: true, force: true });
  rmSync(outsideOf(join(folder, 'stack')), { recursive: true, force: true });
});

const commandLines = (): string[] =>
  execFileSync('ps', ['-eo', 'args', '-ww'], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  }).split('\n');

/** Command lines that name our folder, or the one that stands for it: what the stack starts, and nothing else does. */
const processesIn = (named: string): string[] =>
  commandLines().filter((line) => line.includes(named) || line.includes(outsideOf(join(named, 'stack'))));
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

type Environment = Record<string, string | undefined>;

const environment = async (): Promise<Environment> => {
  const [kafka, controller, registry, postgres, original, shiny, updater] = await freePorts(7);
  return {
    ...process.env,
    KAFKA_BROKERS: undefined,
    SCHEMA_REGISTRY_URL: undefined,
    DATABASE_URL: undefined,
    NODE_NO_WARNINGS: '1',
    STACK_DIR: join(folder, 'stack'),
    DATA_DIR: join(folder, 'data'),
    KAFKA_PORT: String(kafka),
    KAFKA_CONTROLLER_PORT: String(controller),
    REGISTRY_PORT: String(registry),
    POSTGRES_PORT: String(postgres),
    ORIGINAL_PORT: String(original),
    SHINY_PORT: String(shiny),
    UPDATER_PORT: String(updater),
  };
};

const start = (script: string, env: Environment) => {
  const child = spawn(process.execPath, [fileURLToPath(new URL(`../scripts/${script}`, import.meta.url))], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => lines.push(line));
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', (status) => resolve(status));
  });
  const said = (text: string): Promise<void> =>
    eventually(async () => expect(lines.join('\n')).toContain(text), 90_000);
  return { child, lines, ended, said };
};

test(
  'make run: everything from nothing, again with the data kept, and gone when the parent is killed with -9',
  async () => {
    const env: Environment = { ...(await environment()), NAMESPACE: 'mine', MASTER: 'shiny' };
    const first = start('run.ts', env);
    await first.said('Ctrl-C ends all of it.');
    const output = first.lines.join('\n');
    for (const part of [
      'Postgres',
      'Kafka',
      'Schema registry',
      'Namespace mine',
      'original-api',
      'shiny-api',
      'updater',
    ]) {
      expect(output).toMatch(new RegExp(`${part} ready after \\d+\\.\\d s`));
    }
    expect(output).toMatch(/first master shiny/);
    const shiny = `http://127.0.0.1:${env['SHINY_PORT']}`;
    expect((await call('POST', `${shiny}/api/things/`, { body: { name: 'kept', foo: 0.5 } })).status).toBe(
      200,
    );
    const kept = await call('GET', `${shiny}/api/things/`);

    const password = readFileSync(join(folder, 'stack', 'postgres.password'), 'utf8').trim();
    expect(password).toMatch(/^[0-9a-f]{64}$/);
    for (const name of ['stack', 'data', 'stack/kafka', 'stack/logs'])
      expect([name, modeOf(join(folder, name))]).toEqual([name, '700']);
    for (const name of ['postgres.password', 'env'])
      expect([name, modeOf(join(folder, 'stack', name))]).toEqual([name, '600']);
    const logs = readdirSync(join(folder, 'stack', 'logs'));
    expect(logs).toHaveLength(3);
    const shown = [
      ...commandLines(),
      ...first.lines,
      ...logs.map((name) => readFileSync(join(folder, 'stack', 'logs', name), 'utf8')),
    ];
    expect(shown.filter((line) => line.includes(password))).toEqual([]);
    const inUse = start('clean.ts', env);
    expect(await inUse.ended).toBe(1);
    expect(inUse.lines.join('\n')).toMatch(
      /stack: left as it is: it is in use, by process[^]*data: left as it is/,
    );

    const began = performance.now();
    first.child.kill('SIGINT');
    expect(await first.ended).toBe(0);
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(processesIn(folder)).toEqual([]);

    const second = start('run.ts', { ...env, MASTER: 'original' });
    await second.said('Ctrl-C ends all of it.');
    expect(second.lines.join('\n')).toMatch(/its first master stays shiny/);
    expect((await call('GET', `${shiny}/api/things/`)).text).toBe(kept.text);
    second.child.kill('SIGKILL');
    await eventually(async () => {
      expect(processesIn(folder)).toEqual([]);
      await expect(call('GET', `${shiny}/health/live`)).rejects.toThrow('ECONNREFUSED');
    }, 20_000);

    writeFileSync(join(folder, 'data', 'precious'), '');
    const cleaned: string[] = [];
    // Those whose parent was killed take a moment to end.
    await eventually(async () => {
      const clean = start('clean.ts', env);
      const status = await clean.ended;
      cleaned.push(...clean.lines);
      expect(status, clean.lines.join('\n')).toBe(0);
    });
    expect(cleaned.join('\n')).toMatch(/stack: wiped[^]*data: wiped mine\/.*; left: precious/);
    expect(readdirSync(folder)).toEqual(['data']);
    expect(existsSync(outsideOf(join(folder, 'stack')))).toBe(false);
    expect(readdirSync(join(folder, 'data')).toSorted()).toEqual([MARK_FILE, 'precious']);
  },
  START_TWICE_MAX_MS,
);

/** What is half made. */
const drafts = (): string[] =>
  [folder, join(folder, 'stack'), outsideOf(join(folder, 'stack')), join(folder, 'stack', 'kafka')]
    .filter((path) => existsSync(path))
    .flatMap((path) => readdirSync(path))
    .filter((name) => name.includes('.new-'));

test(
  'killed with -9 while it makes its data: the next start makes it anew, and leaves nothing of the first',
  async () => {
    const env = await environment();
    for (const wait of [0, 300, 800]) {
      const killed = start('stack/main.ts', env);
      // Behind the start of the programs: there is something half made.
      await eventually(async () => expect(drafts().join(' ')).toContain(`.new-${killed.child.pid}`), 60_000);
      await sleep(wait);
      killed.child.kill('SIGKILL');
      await killed.ended;
    }
    const { child, ended, said } = start('stack/main.ts', env);
    await said('with the password');
    expect(drafts()).toEqual([]);
    child.kill('SIGINT');
    expect(await ended).toBe(0);
  },
  START_TWICE_MAX_MS,
);

test('a stack folder that is not ours, or a database without its password, is refused', async () => {
  const env = { ...(await environment()), PART: 'postgres' };
  mkdirSync(join(folder, 'stack', 'logs'), { recursive: true });
  writeFileSync(join(folder, 'stack', 'logs', 'mine'), '');
  const refused = start('stack/main.ts', env);
  expect(await refused.ended).toBe(EXIT_CANNOT_START);
  expect(refused.lines.join('\n')).toMatch(/is not empty, and not marked as ours/);
  rmSync(join(folder, 'stack'), { recursive: true });

  const first = start('stack/main.ts', env);
  await first.said('with the password');
  first.child.kill('SIGINT');
  await first.ended;
  rmSync(join(folder, 'stack', 'postgres.password'));
  const second = start('stack/main.ts', env);
  expect(await second.ended).toBe(EXIT_CANNOT_START);
  expect(second.lines.join('\n')).toMatch(/has no password in/);
});

test('a port that is taken: which part wanted it, and which variable moves it', async () => {
  const env = await environment();
  const taken = createServer();
  await new Promise<void>((resolve) => {
    taken.listen(Number(env['POSTGRES_PORT']), '127.0.0.1', resolve);
  });
  const { lines, ended } = start('stack/main.ts', env);
  expect(await ended).toBe(EXIT_CANNOT_START);
  expect(lines.join('\n')).toMatch(/Postgres wants port \d+, which is taken.*POSTGRES_PORT/);
  await new Promise((resolve) => taken.close(resolve));
});

test('one part alone, ended by a second signal at once', async () => {
  const env = { ...(await environment()), PART: 'postgres' };
  const { child, ended, said, lines } = start('stack/main.ts', env);
  await said('with the password');
  expect(lines.join('\n')).toMatch(/^DATABASE_URL=postgres:\/\/postgres@127.0.0.1:\d+\/playground$/m);
  const found = localDatabaseUrl({ STACK_DIR: join(folder, 'stack') });
  const client = new pg.Client({ connectionString: found });
  await client.connect();
  await client.end();
  child.kill('SIGINT');
  child.kill('SIGINT');
  expect([0, 130]).toContain(await ended);
  await eventually(async () => expect(processesIn(folder)).toEqual([]));
});

test('embedded mode keeps nothing, and says so', async () => {
  const env: Environment = { ...(await environment()), EMBEDDED: '1' };
  const foldersOf = (pid: number | undefined): string[] =>
    readdirSync(tmpdir()).filter((name) => name.startsWith(`migration-playground-embedded-${pid}-`));
  let last: number | undefined;
  for (let time = 0; time < 2; time++) {
    const { child, ended, said, lines } = start('run.ts', env);
    await said('Ctrl-C ends all of it.');
    expect(lines.join('\n')).toContain('nothing is kept');
    // What the first one left when it was killed is swept by the second.
    expect([foldersOf(last).length, foldersOf(child.pid).length]).toEqual([0, 1]);
    last = child.pid;
    const original = `http://127.0.0.1:${env['ORIGINAL_PORT']}`;
    expect((await call('GET', `${original}/api/things/`)).json).toEqual([]);
    expect((await call('POST', `${original}/api/things/`, { body: { name: 'a', foo: 1 } })).status).toBe(200);
    child.kill(time === 0 ? 'SIGKILL' : 'SIGTERM');
    expect(await ended).toBe(time === 0 ? null : 0);
    // Its Postgres ends a moment later.
    for (const name of foldersOf(last))
      await eventually(async () => expect(folderUsers(join(tmpdir(), name))).toEqual([]), 30_000);
  }
  expect(foldersOf(last)).toEqual([]);
});
