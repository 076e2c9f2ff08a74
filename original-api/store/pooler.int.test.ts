/** A PgBouncer between us and Postgres: what it must pass is found out at start. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { create, NOW } from '../../test/outcome-log.ts';
import { freshGenesis, freshNamespace } from '../../test/fresh-database.ts';
import { startPgBouncer } from '../../test/pgbouncer.ts';
import { partitionOfCommand } from '../../shared/domain/command.ts';
import { silentLogger } from '../../shared/process/logger.ts';
import { StartError } from '../../shared/process/lifecycle.ts';
import { bindDatabase, openDatabase } from './database.ts';
import { postgresThingStore } from './postgres-thing-store.ts';

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanUp.splice(0).toReversed()) await clean();
});

/** Its own database, so that no pool of another test is in the way. */
const pooled = async (
  mode: 'session' | 'transaction' | 'statement',
  settings: Record<string, string> = {},
): Promise<{ url: string; direct: pg.Client }> => {
  const name = `pooler_${randomUUID().slice(0, 8)}`;
  const admin = new pg.Client(inject('stack').DATABASE_URL);
  await admin.connect();
  await admin.query(`create database ${name}`);
  cleanUp.push(async () => {
    await admin.query(`drop database ${name} with (force)`);
    await admin.end();
  });
  const url = new URL(inject('stack').DATABASE_URL);
  url.pathname = `/${name}`;
  const direct = new pg.Client(url.href);
  await direct.connect();
  cleanUp.push(() => direct.end());
  const pooler = await startPgBouncer(url.href, mode, settings);
  cleanUp.push(pooler.stop);
  return { url: pooler.url, direct };
};
const open = async (url: string, namespace: string, poolMax = 4): Promise<pg.Pool> => {
  const access = { url, namespace, poolMax, statementTimeoutMs: 5_000, lockTimeoutMs: 2_000 };
  const pool = await openDatabase(access, silentLogger());
  cleanUp.push(() => pool.end());
  return pool;
};
const schemas = async (direct: pg.Client): Promise<string[]> => {
  const { rows } = await direct.query<{ schema: string }>(
    `select distinct schemaname as schema from pg_tables where tablename in ('things', 'outbox', 'answers')`,
  );
  return rows.map(({ schema }) => schema);
};

describe('through PgBouncer', () => {
  test.each([
    ['with its own settings', {}],
    [
      'which ignores what a client says at connect',
      { ignore_startup_parameters: 'options,statement_timeout' },
    ],
    ['which leaves sessions as they are', { server_reset_query: '' }],
  ])('session mode, %s: tables and writes are in the schema of the namespace', async (_, settings) => {
    const { url, direct } = await pooled('session', settings);
    const namespace = freshNamespace();
    const pool = await open(url, namespace);
    await bindDatabase(pool, freshGenesis('original', 4), () => Promise.resolve(true));
    expect(await schemas(direct)).toEqual([namespace]);
    const command = create('c');
    const decide = (on: pg.Pool): Promise<unknown> =>
      postgresThingStore(on).decide({
        partition: partitionOfCommand(command, 4),
        command,
        fencingEpoch: null,
        now: NOW,
      });
    expect(await decide(pool)).toMatchObject({ answer: { code: 'accepted' } });
    // The next process gets the sessions that the first one has left, and its statements are prepared there already.
    await pool.end();
    cleanUp.pop();
    const next = await open(url, namespace);
    for (let round = 0; round < 3; round++)
      expect(await decide(next)).toMatchObject({ answer: { code: 'accepted' } });
  });
  test.each(['transaction', 'statement'] as const)('%s mode is found out, and refused', async (mode) => {
    for (const settings of [undefined, { server_round_robin: '1', min_pool_size: '5' }]) {
      const { url, direct } = await pooled(mode, settings);
      const opening = open(url, freshNamespace());
      await expect(opening).rejects.toThrow(StartError);
      await expect(opening).rejects.toThrow(/pooler.*session mode/);
      expect(await schemas(direct)).toEqual([]);
    }
  });
  test('a pooler with fewer servers than we have connections is waited for, and then an error says so', async () => {
    const { url } = await pooled('session', { default_pool_size: '1', query_wait_timeout: '1' });
    await expect(open(url, freshNamespace())).rejects.toThrow(/query_wait_timeout|timeout/);
  });
});
