/** A PgBouncer of its own in front of a Postgres, for the tests. A machine without it fails, and says what to install. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../scripts/stack/ports.ts';
import { eventually } from './http-client.ts';

export interface Pooler {
  readonly url: string;
  stop(): Promise<void>;
}

/** Debian puts it where only root looks. */
const SEARCH_PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin:/opt/homebrew/bin`;
/** It refuses to run as root: nobody, on Linux. */
const UNPRIVILEGED_ID = 65_534;

/** `settings`: more lines of its section [pgbouncer]. */
export const startPgBouncer = async (
  databaseUrl: string,
  mode: 'session' | 'transaction' | 'statement',
  settings: Readonly<Record<string, string>> = {},
): Promise<Pooler> => {
  const [port] = await freePorts(1);
  const folder = mkdtempSync(join(tmpdir(), 'migration-playground-pgbouncer-'));
  const url = new URL(databaseUrl);
  const database = url.pathname.slice(1);
  const lines = {
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    auth_type: 'any',
    pool_mode: mode,
    unix_socket_dir: '',
    ...settings,
  };
  const config = join(folder, 'pgbouncer.ini');
  const server = `host=${url.hostname} port=${url.port || '5432'} dbname=${database} user=${url.username} password=${decodeURIComponent(url.password)}`;
  const section = Object.entries(lines).map(([name, value]) => `${name} = ${value}`);
  writeFileSync(config, `[databases]\n${database} = ${server}\n[pgbouncer]\n${section.join('\n')}\n`);
  chmodSync(folder, 0o755);
  const isRoot = process.getuid?.() === 0;
  const child = spawn('pgbouncer', [config], {
    env: { ...process.env, PATH: SEARCH_PATH },
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(isRoot ? { uid: UNPRIVILEGED_ID, gid: UNPRIVILEGED_ID } : {}),
  });
  let said = '';
  child.stderr.on('data', (text: Buffer) => {
    said += text.toString();
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) =>
      resolve(`pgbouncer is needed for this test (Debian: apt-get install pgbouncer): ${error.message}`),
    );
    child.once('exit', (status) => resolve(`pgbouncer ended with ${status}: ${said}`));
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGINT');
    const killing = setTimeout(() => child.kill('SIGKILL'), 2_000);
    await ended;
    clearTimeout(killing);
    rmSync(folder, { recursive: true, force: true });
  };
  const answers = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = createConnection({ host: '127.0.0.1', port: port! }, () => {
        socket.destroy();
        resolve();
      });
      socket.once('error', reject);
    });
  const gone = ended.then((why) => {
    throw new Error(why);
  });
  gone.catch(() => undefined);
  try {
    await Promise.race([eventually(answers), gone]);
  } catch (error) {
    await stop();
    throw error;
  }
  const pooled = new URL(databaseUrl);
  [pooled.hostname, pooled.port] = ['127.0.0.1', String(port)];
  return { url: pooled.href, stop };
};
