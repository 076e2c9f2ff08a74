/** Reads what a partition has in the database, and carries a repair plan out, in one transaction (repair-plan.ts). */
import type pg from 'pg';
import { fieldsSetIn } from '../../shared/domain/added-fields.ts';
import type { PartitionHeader } from '../../shared/domain/partition-state.ts';
import {
  headerRow,
  decisionOfRow,
  mirrorRow,
  thingOfRow,
  type AnswerRow,
  type ThingRow,
} from './database-rows.ts';
import { inTransaction } from './database.ts';
import type { Mastership } from './thing-store.ts';
import type { RepairPlan, StoreContent } from './repair-plan.ts';

/** How many sessions there are of Original processes in this namespace: they must not write meanwhile. */
export const otherOriginals = async (pool: pg.Pool, namespace: string): Promise<number> => {
  const { rows } = await pool.query<{ count: number }>(
    `select count(distinct pid)::int as count from pg_stat_activity
      where application_name = $1 and datname = current_database()`,
    [`original-api ${namespace}`],
  );
  return rows[0]!.count;
};

export const readStoreContent = async (
  pool: pg.Pool,
  partition: number,
  partitions: number,
): Promise<StoreContent> => {
  const { rows: masters } = await pool.query<Omit<Mastership, 'refusedReason'>>(
    'select owner as master, epoch, since as "masterSinceEpoch" from mastership where partition = $1',
    [partition],
  );
  const { rows: things } = await pool.query<ThingRow>(
    'select id, name, foo, created_on, updated_on, version, deleted, added from things where id % $1 = $2',
    [partitions, partition],
  );
  const { rows: answers } = await pool.query<AnswerRow>(
    `select command_id, payload_hash, command_type, thing_id, code, current_version, field, name, foo, created_on, updated_on,
            version, deleted, added from answers where partition = $1`,
    [partition],
  );
  const { rows: ids } = await pool.query<{ last: number | null }>(
    'select pg_sequence_last_value($1::regclass) as last',
    [`thing_ids_${partition}`],
  );
  return {
    row: { ...masters[0]!, refusedReason: null },
    things: things.map(thingOfRow),
    answers: answers.map(decisionOfRow),
    lastId: ids[0]?.last ?? 0,
  };
};

/** `checkpoint`: where the mirror goes on, with the fold's header there. */
export const applyRepair = async (
  pool: pg.Pool,
  plan: RepairPlan,
  checkpoint: { readonly nextOffset: number; readonly header: PartitionHeader },
): Promise<void> => {
  const { partition } = plan;
  await inTransaction(pool, async (client) => {
    await client.query('select pg_advisory_xact_lock(lock_space(), $1)', [partition]);
    await client.query('delete from outbox where partition = $1', [partition]);
    await client.query('delete from answers where partition = $1 and command_id = any($2)', [
      partition,
      [...plan.dropAnswers, ...plan.writeAnswers.map(({ answer }) => answer.commandId)],
    ]);
    await client.query('delete from things where id = any($1)', [
      [...plan.dropThings, ...plan.writeThings.map(({ id }) => id)],
    ]);
    await client.query(WRITE_THINGS, [
      JSON.stringify(plan.writeThings.map((thing) => ({ ...thing, added: fieldsSetIn(thing) }))),
    ]);
    await client.query(WRITE_ANSWERS, [partition, JSON.stringify(plan.writeAnswers.map(mirrorRow))]);
    if (plan.row !== undefined)
      await client.query(
        'update mastership set owner = $2, epoch = $3, since = $4, refused_reason = null where partition = $1',
        [partition, plan.row.master, plan.row.epoch, plan.row.masterSinceEpoch],
      );
    await client.query('update outbox_removed set number = $2 where partition = $1', [
      partition,
      plan.entryNumber,
    ]);
    await client.query(
      `insert into outbox (partition, epoch, command_id)
         select $1, (select epoch from mastership where partition = $1), command_id
           from unnest($2::text[]) with ordinality as again(command_id, ordinal) order by ordinal`,
      [partition, plan.publishAgain],
    );
    if (plan.fenceAgain !== undefined)
      await client.query(
        'insert into outbox (partition, epoch, fence_epoch, id_floor) values ($1, $2, $2, $3)',
        [partition, plan.fenceAgain, plan.idFloor],
      );
    if (plan.idFloor > 0)
      await client.query('select setval($1::regclass, $2::bigint)', [`thing_ids_${partition}`, plan.idFloor]);
    await client.query('update mirror set next_offset = $2, header = $3 where partition = $1', [
      partition,
      checkpoint.nextOffset,
      headerRow(checkpoint.header),
    ]);
  });
};

const WRITE_THINGS = `
  insert into things (id, name, foo, created_on, updated_on, version, deleted, added, lossy)
    select id, name, foo, to_timestamp("createdOn" / 1000.0), to_timestamp("updatedOn" / 1000.0), version, deleted, added, lossy
      from jsonb_to_recordset($1) as t(
        id bigint, name text, foo integer, "createdOn" bigint, "updatedOn" bigint, version bigint, deleted boolean,
        added jsonb, lossy boolean)`;
const WRITE_ANSWERS = `
  insert into answers (command_id, partition, payload_hash, command_type, thing_id, code, current_version, field,
                       name, foo, created_on, updated_on, version, deleted, added)
    select command_id, $1, payload_hash, command_type, thing_id, code, current_version, field,
           name, foo, created_on, updated_on, version, deleted, added
      from jsonb_to_recordset($2) as d(
        command_id text, payload_hash text, command_type text, thing_id bigint, code text, current_version bigint,
        field text, name text, foo double precision, created_on timestamptz, updated_on timestamptz, version bigint,
        deleted boolean, added jsonb)`;
