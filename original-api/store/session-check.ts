/** What is looked at once when the database is opened, as no setting can mend it: the encoding, and a pooler that mixes sessions. */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { StartError } from '../../shared/process/lifecycle.ts';

const ENCODING = 'UTF8';
/** Of a pooler that hands out its servers in turn, a client may get the same one again by chance. */
const PROBE_ROUNDS = 3;
const PROBE_SESSIONS = 2;
/** Any name with a dot can be set. */
const PROBE_SETTING = 'migration_playground.session';

/** Throws StartError, and says what to do. */
export const checkSessions = async (pool: pg.Pool): Promise<void> => {
  const { rows } = await pool.query<{ encoding: string; database: string }>(
    `select current_setting('server_encoding') as encoding, current_database() as database`,
  );
  const { encoding, database } = rows[0]!;
  if (encoding !== ENCODING) {
    throw new StartError(
      `the database ${database} has the encoding ${encoding}, which lacks characters of names: create it anew with ` +
        `\`create database … encoding 'UTF8' template template0\``,
    );
  }
  const clients: pg.PoolClient[] = [];
  try {
    for (let index = 0; index < PROBE_SESSIONS; index++) clients.push(await pool.connect());
    if (!(await keepSessions(clients)))
      throw new StartError(
        'a pooler between us and Postgres gives the statements of one session to several servers: use its session mode ' +
          '(docs/operations.md)',
      );
  } finally {
    for (const client of clients) client.release();
  }
};

/** What a session has set is there at its next statement, and nobody else's. */
const keepSessions = async (clients: readonly pg.PoolClient[]): Promise<boolean> => {
  for (let round = 0; round < PROBE_ROUNDS; round++) {
    const drawn = clients.map(() => randomUUID());
    const servers = [];
    for (const [index, client] of clients.entries()) servers.push(await probed(client, drawn[index]));
    for (const [index, client] of clients.entries()) {
      const { value, server } = await probed(client);
      if (value !== drawn[index] || server !== servers[index]!.server) return false;
    }
  }
  return true;
};

const probed = async (
  client: pg.PoolClient,
  value?: string,
): Promise<{ value: string | null; server: number }> => {
  const { rows } = await client.query<{ value: string | null; server: number }>(
    value === undefined
      ? `select current_setting('${PROBE_SETTING}', true) as value, pg_backend_pid() as server`
      : `select set_config('${PROBE_SETTING}', '${value}', false) as value, pg_backend_pid() as server`,
  );
  return rows[0]!;
};
