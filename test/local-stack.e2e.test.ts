/** `make run` and the local stack: they start, keep data, say what is wrong, and leave no orphan behind. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePorts } from '../scripts/stack/ports.ts';
import { call, eventually } from './http-client.ts';

let folder: string;
let running: ChildProcess[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migration-playground-local-'));
  chmodSync(folder, 0o755);
  running = [];
});
afterEach(async () => {
  for (const child of running) child.kill('SIGKILL');
  await eventually(async () => expect(processesIn(folder)).toEqual([]));
  rmSync(folder, { recursive: true, force: true });
});

/** Command lines that name our folder: what the stack starts, and nothing else does. */
const processesIn = (named: string): string[] =>
  execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(named) && !line.startsWith('ps '));

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

test('make run: everything from nothing, again with the data kept, and gone when the parent is killed with -9', async () => {
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
  expect((await call('POST', `${shiny}/api/things/`, { body: { name: 'kept', foo: 0.5 } })).status).toBe(200);
  const kept = await call('GET', `${shiny}/api/things/`);
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
});

test('a port that is taken: which part wanted it, and which variable moves it', async () => {
  const env = await environment();
  const taken = createServer();
  await new Promise<void>((resolve) => {
    taken.listen(Number(env['POSTGRES_PORT']), '127.0.0.1', resolve);
  });
  const { lines, ended } = start('stack/main.ts', env);
  expect(await ended).toBe(1);
  expect(lines.join('\n')).toMatch(/Postgres wants port \d+, which is taken.*POSTGRES_PORT/);
  await new Promise((resolve) => taken.close(resolve));
});

test('one part alone, ended by a second signal at once', async () => {
  const env = { ...(await environment()), PART: 'postgres' };
  const { child, ended, said } = start('stack/main.ts', env);
  await said('DATABASE_URL=postgres://');
  child.kill('SIGINT');
  child.kill('SIGINT');
  expect([0, 130]).toContain(await ended);
  await eventually(async () => expect(processesIn(folder)).toEqual([]));
});

test('embedded mode keeps nothing, and says so', async () => {
  const env: Environment = { ...(await environment()), EMBEDDED: '1' };
  for (let time = 0; time < 2; time++) {
    const { child, ended, said, lines } = start('run.ts', env);
    await said('Ctrl-C ends all of it.');
    expect(lines.join('\n')).toContain('nothing is kept');
    const original = `http://127.0.0.1:${env['ORIGINAL_PORT']}`;
    expect((await call('GET', `${original}/api/things/`)).json).toEqual([]);
    expect((await call('POST', `${original}/api/things/`, { body: { name: 'a', foo: 1 } })).status).toBe(200);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  }
});
