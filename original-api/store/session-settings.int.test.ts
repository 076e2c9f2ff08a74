/** Whatever database, role, connection string or pooler say: a connection has what the SQL relies on, or is refused. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { silentLogger } from '../../shared/process/logger.ts';
import { StartError } from '../../shared/process/lifecycle.ts';
import { openDatabase, type DatabaseAccess } from './database.ts';
import { sessionSettings } from './session-settings.ts';

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanUp.splice(0).toReversed()) await clean();
});

const PASSWORD = 'only-for-this-test';
const admin = async (sql: string, database?: string): Promise<void> => {
  const url = new URL(inject('stack').DATABASE_URL);
  if (database !== undefined) url.pathname = `/${database}`;
  const client = new pg.Client(url.href);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
};
const freshName = (): string => `settings_${randomUUID().slice(0, 8)}`;
const newDatabase = async (options = ''): Promise<string> => {
  const name = freshName();
  await admin(`create database ${name} ${options}`);
  cleanUp.push(() => admin(`drop database ${name} with (force)`));
  return name;
};
const newRole = async (options: string): Promise<string> => {
  const name = freshName();
  await admin(`create role ${name} login password '${PASSWORD}' ${options}`);
  cleanUp.push(() => admin(`drop role ${name}`));
  return name;
};
const accessTo = (database: string, role?: string): DatabaseAccess & { url: string } => {
  const url = new URL(inject('stack').DATABASE_URL);
  url.pathname = `/${database}`;
  if (role !== undefined) [url.username, url.password] = [role, PASSWORD];
  return { url: url.href, namespace: 'any', poolMax: 2, statementTimeoutMs: 5_000, lockTimeoutMs: 2_000 };
};
const opened = async (access: DatabaseAccess): Promise<pg.Pool> => {
  const pool = await openDatabase(access, silentLogger());
  cleanUp.push(() => pool.end());
  return pool;
};
const valuesOn = async (pool: pg.Pool | pg.Client): Promise<Record<string, string | null>> => {
  const names = sessionSettings(accessTo('any')).map(({ name }) => name);
  const { rows } = await pool.query<{ name: string; value: string | null }>(
    'select name, current_setting(name, true) as value from unnest($1::text[]) as name',
    [names],
  );
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
};

/** Each setting of the table, otherwise. */
const OTHERWISE: Readonly<Record<string, string>> = {
  default_transaction_isolation: 'repeatable read',
  default_transaction_read_only: 'on',
  default_transaction_deferrable: 'on',
  search_path: 'public',
  client_encoding: 'LATIN1',
  standard_conforming_strings: 'off',
  DateStyle: 'German, DMY',
  IntervalStyle: 'iso_8601',
  TimeZone: 'Asia/Kathmandu',
  extra_float_digits: '-15',
  bytea_output: 'escape',
  transform_null_equals: 'on',
  row_security: 'on',
  synchronous_commit: 'off',
  plan_cache_mode: 'force_generic_plan',
  statement_timeout: '17ms',
  lock_timeout: '17ms',
  idle_in_transaction_session_timeout: '17ms',
  idle_session_timeout: '17s',
  transaction_timeout: '17s',
  session_replication_role: 'replica',
  exit_on_error: 'on',
  array_nulls: 'off',
  check_function_bodies: 'off',
  'plpgsql.extra_errors': 'all',
  'plpgsql.variable_conflict': 'use_column',
  zero_damaged_pages: 'on',
  ignore_checksum_failure: 'on',
};
const WANTED = Object.fromEntries(
  sessionSettings(accessTo('any')).map(({ name, value }) => [name, value] as const),
);
/** Ends the very statement that would set it otherwise, or is set by the client in any case. */
const settingsOf = (where: string): string =>
  Object.entries(OTHERWISE)
    .map(([name, value]) => `alter ${where} set ${name} = ${name === 'search_path' ? value : `'${value}'`};`)
    .join('\n');

describe('what a connection inherits', () => {
  test('every setting of the table is tried otherwise', () => {
    expect(Object.keys(OTHERWISE).toSorted()).toEqual(Object.keys(WANTED).toSorted());
    for (const [name, value] of Object.entries(OTHERWISE)) expect(value).not.toBe(WANTED[name]);
  });
  test.each(['the database', 'the role', 'the connection string'])('is overruled: from %s', async (place) => {
    const role = await newRole('superuser');
    const database = await newDatabase();
    if (place === 'the database') await admin(settingsOf(`database ${database}`));
    if (place === 'the role') await admin(settingsOf(`role ${role}`));
    const access = accessTo(database, role);
    const url = new URL(access.url);
    if (place === 'the connection string')
      url.searchParams.set(
        'options',
        Object.entries(OTHERWISE)
          .map(([name, value]) => `-c ${name}=${value.replaceAll(' ', String.raw`\ `)}`)
          .join(' '),
      );
    const bare = new pg.Client(url.href);
    await bare.connect();
    // 17 ms are not enough for this question on a busy machine.
    await bare.query('set statement_timeout = 0');
    const inherited = await valuesOn(bare);
    await bare.end();
    const isUntold = (name: string): boolean => name === 'client_encoding' || name === 'statement_timeout';
    for (const [name, value] of Object.entries(OTHERWISE))
      if (!isUntold(name)) expect([name, inherited[name]]).toEqual([name, value]);

    const pool = await opened({ ...access, url: url.href });
    const got = await valuesOn(pool);
    for (const [name, value] of Object.entries(WANTED))
      expect([name, got[name] ?? value]).toEqual([name, value]);
  });
  test('what it may not overrule is a refusal to start, by name', async () => {
    const role = await newRole('');
    const database = await newDatabase();
    await admin(`alter role ${role} set session_replication_role = 'replica'`);
    await admin(`grant create on database ${database} to ${role}`);
    await expect(opened(accessTo(database, role))).rejects.toThrow(
      /cannot have session_replication_role = origin \(constraints and triggers hold\).*permission denied/,
    );
    await admin(`alter role ${role} reset session_replication_role`);
    await opened(accessTo(database, role));
  });
  test('a decision in another isolation level is refused, whoever asks', async () => {
    const pool = await opened(accessTo(await newDatabase()));
    for (const level of ['repeatable read', 'serializable']) {
      const client = await pool.connect();
      await client.query(`begin isolation level ${level}`);
      await expect(
        client.query(
          `select * from decide_command(1, null, 'c', 'h', 'create', null, null, 'a', 1, null, null, now(), now(), 1)`,
        ),
      ).rejects.toMatchObject({ code: 'MP002', message: expect.stringContaining('READ COMMITTED') });
      await client.query('rollback');
      client.release();
    }
  });
  test('a database that is not UTF8 is refused, with what to do', async () => {
    const database = await newDatabase(`encoding 'LATIN1' locale 'C' template template0`);
    const opening = opened(accessTo(database));
    await expect(opening).rejects.toThrow(StartError);
    await expect(opening).rejects.toThrow(/has the encoding LATIN1.*encoding 'UTF8'/);
  });
});
