/** Opening the database: connection pool, schema of the namespace, migrations, and whether it belongs to the log. */
import { readdirSync, readFileSync } from 'node:fs';
import pg from 'pg';
import { emptyHeader, FORMAT, wrongFormat } from '../../shared/domain/partition-state.ts';
import { nextThingId } from '../../shared/domain/partition.ts';
import type { Genesis } from '../../shared/domain/outcome.ts';
import { checkSessions } from './session-check.ts';
import { pinSession, sessionSettings } from './session-settings.ts';
import { StartError } from '../../shared/process/lifecycle.ts';
import type { Logger } from '../../shared/process/logger.ts';
import { headerRow } from './database-rows.ts';

/** `verify` throws when the connection must not be used. */
export interface SessionVerification {
  verify?: (client: pg.ClientBase) => Promise<void>;
}

export interface DatabaseAccess {
  /** postgres://user:password@host:port/database, with `sslmode` for TLS. */
  readonly url: string;
  /** Name of the Postgres schema. */
  readonly namespace: string;
  readonly poolMax: number;
  readonly statementTimeoutMs: number;
  /** Asked about each new connection, once somebody can tell: it may lead to a database that was set back. */
  readonly sessions?: SessionVerification;
  /** Shown in pg_stat_activity. */
  readonly applicationName?: string;
  /** How long a statement waits for a row that somebody else has locked. */
  readonly lockTimeoutMs: number;
}

const CONNECT_TIMEOUT_MS = 3_000;
/** Of relay, mirror and switch, one of each at a time and partition; their statements may take their time. */
const BACKGROUND_POOL_MAX = 6;
const BACKGROUND_STATEMENT_TIMEOUT_MS = 60_000;
/** Short: who waits for a locked row has the shared lock of its partition, and fence and relay wait behind. */
export const LOCK_TIMEOUT_MS = 500;
const BACKGROUND_LOCK_TIMEOUT_MS = 5_000;

const INT8_OID = 20;

/** Connects and migrates. Throws what the database says when it cannot be reached. */
export const openDatabase = async (access: DatabaseAccess, logger: Logger): Promise<pg.Pool> => {
  const pool = openPool(access, logger);
  try {
    await checkSessions(pool);
    await migrate(pool, access.namespace);
    await renumberOutbox(pool, logger);
    return pool;
  } catch (error) {
    await pool.end();
    throw error;
  }
};

/** The pool for relay, mirror and switch of a database that is open; it connects when it is used. */
export const openBackgroundPool = (access: DatabaseAccess, logger: Logger): pg.Pool =>
  openPool(
    {
      ...access,
      poolMax: BACKGROUND_POOL_MAX,
      statementTimeoutMs: BACKGROUND_STATEMENT_TIMEOUT_MS,
      lockTimeoutMs: BACKGROUND_LOCK_TIMEOUT_MS,
    },
    logger,
  );

const openPool = (access: DatabaseAccess, logger: Logger): pg.Pool => {
  const settings = sessionSettings(access);
  const config = {
    connectionString: access.url,
    max: access.poolMax,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: access.statementTimeoutMs + CONNECT_TIMEOUT_MS,
    // The pool waits for it before the first use.
    onConnect: async (client: pg.ClientBase) => {
      await pinSession(client, settings);
      await access.sessions?.verify?.(client);
    },
    application_name: `${access.applicationName ?? 'original-api'} ${access.namespace}`,
    types: {
      // Ids, versions and offsets stay below 2^53.
      getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
        oid === INT8_OID ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
    },
  };
  const pool = new pg.Pool(config);
  // A connection that breaks while idle; the next query gets a new one.
  pool.on('error', (error) => logger.warn({ err: error }, 'an idle database connection broke'));
  return pool;
};

/**
 * Writes `genesis` into a fresh database, if `lacksNothing` says that the log has nothing which only a database could have. Throws
 * StartError when database and log do not belong together.
 */
export const bindDatabase = async (
  pool: pg.Pool,
  genesis: Genesis,
  lacksNothing: () => Promise<boolean>,
): Promise<void> => {
  if (genesis.format !== FORMAT) {
    throw new StartError(wrongFormat(genesis.format));
  }
  const { rows: known } = await pool.query('select from genesis');
  const mayFill = known.length === 0 && (await lacksNothing());
  await inTransaction(pool, async (client) => {
    await client.query('lock table genesis in exclusive mode');
    const { rows } = await client.query<{ id: string; partitions: number }>(
      'select id, partitions from genesis',
    );
    const [bound] = rows;
    if (bound === undefined && !mayFill) {
      throw new StartError(
        `the log (genesis ${genesis.id}) has records of Original, but the database is empty: they do not belong together. ` +
          'Point DATABASE_URL at the database of this log, or use another NAMESPACE, or wipe both (`make clean`)',
      );
    }
    if (bound !== undefined && bound.id !== genesis.id) {
      throw new StartError(
        `the database belongs to the log with genesis ${bound.id}, but this log has genesis ${genesis.id}. ` +
          'Point DATABASE_URL and KAFKA_BROKERS at a pair, or use another NAMESPACE, or wipe both (`make clean`)',
      );
    }
    if (bound === undefined) await fillDatabase(client, genesis);
  });
};

const fillDatabase = async (client: pg.PoolClient, genesis: Genesis): Promise<void> => {
  const { id, format, partitions, master } = genesis;
  await client.query('insert into genesis values ($1, $2, $3)', [id, format, partitions]);
  for (let partition = 0; partition < partitions; partition++) {
    const first = nextThingId(partition, partitions, 0);
    await client.query('insert into mastership (partition, owner) values ($1, $2)', [partition, master]);
    await client.query(`create sequence thing_ids_${partition} start ${first} increment ${partitions}`);
    await client.query('insert into outbox_removed (partition) values ($1)', [partition]);
    await client.query('insert into mirror (partition, next_offset, header) values ($1, 0, $2)', [
      partition,
      headerRow(emptyHeader(partition)),
    ]);
  }
};

const migrate = async (pool: pg.Pool, namespace: string): Promise<void> => {
  await inTransaction(pool, async (client) => {
    // Two processes that start at once: one after the other.
    await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`migrate ${namespace}`]);
    await client.query(`create schema if not exists ${client.escapeIdentifier(namespace)}`);
    await client.query(
      'create table if not exists migrations (name text primary key, applied_on timestamptz default now())',
    );
    const { rows } = await client.query<{ name: string }>('select name from migrations');
    const applied = new Set(rows.map(({ name }) => name));
    const folder = new URL('./migrations/', import.meta.url);
    for (const name of readdirSync(folder).toSorted()) {
      if (applied.has(name)) continue;
      await client.query(readFileSync(new URL(name, folder), 'utf8'));
      await client.query('insert into migrations (name) values ($1)', [name]);
    }
  });
};

/** Before anything is written: what lies in the outbox may have been restored from another server. */
const renumberOutbox = async (pool: pg.Pool, logger: Logger): Promise<void> => {
  const { rows } = await pool.query<{ entries: number }>('select renumber_outbox() as entries');
  const entries = rows[0]!.entries;
  if (entries > 0)
    logger.warn(
      { entries },
      'the outbox was restored from another server: its entries have new transaction ids',
    );
};

export const inTransaction = async <T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> => {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    client.release();
    return result;
  } catch (error) {
    // A broken connection cannot roll back; closing it does the same.
    await client.query('rollback').then(
      () => client.release(),
      () => client.release(true),
    );
    throw error;
  }
};
