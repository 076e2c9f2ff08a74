/**
 * Bare: koa and pg; an update is one call: the partition's lock, the command's lock, the stored answer, the master, the
 * compare-and-set, an answer row and an outbox row. A relay sends the outbox to Kafka. Arguments: database, brokers, topics.
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { openStepsLog } from './steps-log.ts';
import { serveUpdates } from './serve-updates.ts';

const [url, brokers, to, from] = process.argv.slice(2) as [string, string, string, string];
const CONNECTIONS = 16;
const THINGS = 64;
const BATCH = 500;
const schema = `bare_${process.pid}`;
const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS, options: `-c search_path=${schema}` });
await pool.query(`create schema ${schema};
  create table things (id bigint primary key, name text, foo integer, updated_on timestamptz, version bigint);
  create table answers (command_id text primary key, thing_id bigint, version bigint, name text, foo integer);
  create table outbox (id bigserial primary key, command_id text);
  create table mastership (partition integer primary key, owner text);
  insert into things select id, '', 0, now(), 0 from generate_series(1, ${THINGS}) as id;
  insert into mastership values (0, 'original');
  create function change(p_command text, p_id bigint, p_version bigint, p_name text, p_foo integer)
  returns setof things language plpgsql as $$
  declare thing things;
  begin
    perform pg_advisory_xact_lock_shared(7, 0);
    perform pg_advisory_xact_lock(hashtextextended(p_command, 0));
    perform 1 from answers where command_id = p_command;
    perform 1 from mastership where partition = 0 and owner = 'original';
    update things set name = p_name, foo = p_foo, updated_on = now(), version = version + 1
      where id = p_id and version = p_version returning * into thing;
    insert into answers values (p_command, thing.id, thing.version, thing.name, thing.foo);
    insert into outbox (command_id) values (p_command);
    return next thing;
  end $$`);

const log = await openStepsLog(brokers, to, from, () => undefined);
const relay = async (): Promise<void> => {
  const { rows } = await pool.query<{ id: string }>(
    `select * from outbox join answers using (command_id) order by id limit ${BATCH}`,
  );
  for (const row of rows)
    log.produce({ partition: 0, key: Buffer.from(row.id), value: Buffer.from(JSON.stringify(row)) });
  await pool.query('delete from outbox where id = any($1)', [rows.map(({ id }) => id)]);
  setTimeout(() => void relay(), rows.length === 0 ? 10 : 0);
};
void relay();

serveUpdates(async (...values) => {
  const text = 'select * from change($1, $2, $3, $4, $5)';
  return (await pool.query({ name: 'change', text, values: [randomUUID(), ...values] })).rows[0];
});
