/**
 * What a connection inherits from server, database, role, connection string or pooler, and the SQL relies on. Each connection gets
 * these values before its first use, and is asked for them: one that cannot have them is not used.
 */
import pg from 'pg';
import { StartError } from '../../shared/process/lifecycle.ts';

export interface SessionSetting {
  readonly name: string;
  readonly value: string;
  readonly why: string;
  /** Not every server knows it. */
  readonly mayBeUnknown?: true;
}

export interface SessionLimits {
  /** Name of the Postgres schema. */
  readonly namespace: string;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
}

/** Nobody of ours leaves a transaction open for so long. */
const IDLE_IN_TRANSACTION_MS = 60_000;

export const sessionSettings = (limits: SessionLimits): readonly SessionSetting[] => [
  {
    name: 'default_transaction_isolation',
    value: 'read committed',
    why: 'in another level the master is read from before the lock was got, and a write lands behind the fence',
  },
  { name: 'default_transaction_read_only', value: 'off', why: 'writes' },
  { name: 'default_transaction_deferrable', value: 'off', why: 'no statement waits for a quiet moment' },
  {
    name: 'search_path',
    value: `${quoted(limits.namespace)}, pg_temp`,
    why: 'names are of the namespace alone; no temporary table of a pooled session hides one',
  },
  { name: 'client_encoding', value: 'UTF8', why: 'names of Things' },
  { name: 'standard_conforming_strings', value: 'on', why: 'a backslash is a backslash' },
  { name: 'DateStyle', value: 'ISO, MDY', why: 'the client parses ISO dates alone' },
  { name: 'IntervalStyle', value: 'postgres', why: 'the client parses this style' },
  { name: 'TimeZone', value: 'UTC', why: 'timestamps are sent and read in UTC' },
  { name: 'extra_float_digits', value: '1', why: 'floats come back exactly' },
  { name: 'bytea_output', value: 'hex', why: 'the client parses this form' },
  { name: 'transform_null_equals', value: 'off', why: '`= null` is never true' },
  { name: 'row_security', value: 'off', why: 'a policy that hides rows is an error, not an empty answer' },
  { name: 'synchronous_commit', value: 'on', why: 'what is acknowledged is on the disk' },
  { name: 'plan_cache_mode', value: 'auto', why: 'prepared statements are planned as they were measured' },
  {
    name: 'statement_timeout',
    value: milliseconds(limits.statementTimeoutMs),
    why: 'every wait has a limit',
  },
  {
    name: 'lock_timeout',
    value: milliseconds(limits.lockTimeoutMs),
    why: 'a locked row holds up its own Thing',
  },
  {
    name: 'idle_in_transaction_session_timeout',
    value: milliseconds(IDLE_IN_TRANSACTION_MS),
    why: 'a process that stands still gives its locks free',
  },
  { name: 'idle_session_timeout', value: '0', why: 'the pool keeps idle connections', mayBeUnknown: true },
  { name: 'exit_on_error', value: 'off', why: 'a refused statement does not end the connection' },
  { name: 'array_nulls', value: 'on', why: 'the client writes null in arrays' },
  { name: 'check_function_bodies', value: 'on', why: 'a migration that cannot run fails when it is applied' },
  {
    name: 'plpgsql.extra_errors',
    value: 'none',
    why: 'functions run as they were tested',
    mayBeUnknown: true,
  },
  {
    name: 'plpgsql.variable_conflict',
    value: 'error',
    why: 'a name in a function means one thing',
    mayBeUnknown: true,
  },
  { name: 'zero_damaged_pages', value: 'off', why: 'damage is an error, not a lost row', mayBeUnknown: true },
  {
    name: 'ignore_checksum_failure',
    value: 'off',
    why: 'damage is an error, not a wrong row',
    mayBeUnknown: true,
  },
  { name: 'transaction_timeout', value: '0', why: 'the statement has its own limit', mayBeUnknown: true },
  {
    name: 'session_replication_role',
    value: 'origin',
    why: 'constraints and triggers hold',
    mayBeUnknown: true,
  },
];

/**
 * Throws StartError, and says which setting it is about, when the connection cannot have what it needs. What somebody before us
 * left in a pooled session (prepared statements, temporary tables, locks) is thrown away.
 */
export const pinSession = async (
  client: pg.ClientBase,
  settings: readonly SessionSetting[],
): Promise<void> => {
  await client.query('discard all');
  const found = await valuesOf(client, settings);
  const wanted = settings.filter(
    ({ name, value, mayBeUnknown }) =>
      found.get(name) !== value && !(mayBeUnknown === true && found.get(name) === null),
  );
  try {
    await setAll(client, wanted);
  } catch (error) {
    await explainRefusal(client, wanted);
    throw error;
  }
  checkValues(settings, await valuesOf(client, settings));
};

const setAll = async (client: pg.ClientBase, wanted: readonly SessionSetting[]): Promise<void> => {
  if (wanted.length === 0) return;
  await client.query(
    'select set_config(name, value, false) from unnest($1::text[], $2::text[]) as s(name, value)',
    [wanted.map(({ name }) => name), wanted.map(({ value }) => value)],
  );
};

/** Which of them is it? A connection that breaks is no refusal. */
const explainRefusal = async (client: pg.ClientBase, wanted: readonly SessionSetting[]): Promise<void> => {
  for (const setting of wanted) {
    try {
      await setAll(client, [setting]);
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      const { name, value, why } = setting;
      throw new StartError(
        `a database connection cannot have ${name} = ${value} (${why}): ${error.message}`,
        { cause: error },
      );
    }
  }
};

const checkValues = (settings: readonly SessionSetting[], got: ReadonlyMap<string, string | null>): void => {
  for (const { name, value, why, mayBeUnknown } of settings) {
    const has = got.get(name) ?? null;
    if (has === value || (has === null && mayBeUnknown === true)) continue;
    throw new StartError(
      `a database connection has ${name} = ${has} and needs ${value} (${why}): a pooler between us must keep ` +
        'the settings of a session (docs/operations.md: session mode)',
    );
  }
};

const valuesOf = async (
  client: pg.ClientBase,
  settings: readonly SessionSetting[],
): Promise<ReadonlyMap<string, string | null>> => {
  const { rows } = await client.query<{ name: string; value: string | null }>(
    'select name, current_setting(name, true) as value from unnest($1::text[]) as name',
    [settings.map(({ name }) => name)],
  );
  return new Map(rows.map(({ name, value }) => [name, value]));
};

const quoted = (identifier: string): string => `"${identifier.replaceAll('"', '""')}"`;

/** As Postgres shows it. */
const milliseconds = (ms: number): string => {
  if (ms === 0) return '0';
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000}h`;
  if (ms % 60_000 === 0) return `${ms / 60_000}min`;
  return ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`;
};
