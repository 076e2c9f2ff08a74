/**
 * Bare: koa and pg; an update is one compare-and-set statement, with an outbox row in the same statement if the second
 * argument says so. The first is the address of the database; one table per process.
 */
import pg from 'pg';
import { serveUpdates } from './serve-updates.ts';

const [url, outbox] = process.argv.slice(2);
const CONNECTIONS = 16;
const THINGS = 64;
const schema = `bare_${process.pid}`;
const pool = new pg.Pool({ connectionString: url!, max: CONNECTIONS, options: `-c search_path=${schema}` });
await pool.query(`create schema ${schema}`);
await pool.query(
  'create table things (id bigint primary key, name text, foo integer, updated_on timestamptz, version bigint)',
);
await pool.query('create table outbox (id bigserial primary key, thing_id bigint, version bigint)');
await pool.query(`insert into things select id, '', 0, now(), 0 from generate_series(1, ${THINGS}) as id`);
const UPDATE = `update things set name = $3, foo = $4, updated_on = now(), version = version + 1
                 where id = $1 and version = $2 returning *`;
const statement =
  outbox === 'outbox'
    ? `with changed as (${UPDATE}), noted as (insert into outbox (thing_id, version) select id, version from changed)
       select * from changed`
    : UPDATE;

serveUpdates(async (...values) => (await pool.query({ name: 'update', text: statement, values })).rows[0]);
