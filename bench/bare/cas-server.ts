/**
 * Bare: koa and pg; an update is one compare-and-set statement, with an outbox row in the same statement if the second
 * argument says so. The first is the address of the database; one table per process.
 */
import Koa from 'koa';
import { Router } from '@koa/router';
import pg from 'pg';
import { serveBare } from './serve-bare.ts';

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

const router = new Router();
router.post('/api/things/:id', async (context) => {
  const chunks: Buffer[] = [];
  for await (const chunk of context.req) chunks.push(chunk as Buffer);
  const { version, name, foo } = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
  const values = [context['params'].id, version, name, foo];
  const { rows } = await pool.query({ name: 'update', text: statement, values });
  context.status = rows.length === 1 ? 200 : 409;
  context.type = 'application/json';
  context.body = JSON.stringify(rows[0] ?? {});
});
const handle = new Koa().use(router.routes()).callback();
serveBare((request, response) => void handle(request, response));
