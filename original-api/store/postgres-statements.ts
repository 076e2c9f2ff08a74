/**
 * The statements of postgres-thing-store.ts. Columns by name everywhere: `select *` in a prepared statement fails once per
 * connection when a table gets one more.
 */
const THING_COLUMNS = 't.id, t.name, t.foo, t.created_on, t.updated_on, t.version, t.deleted, t.added';
const ANSWER_COLUMNS =
  'command_id, payload_hash, command_type, thing_id, code, current_version, field, name, foo, created_on, updated_on, version, deleted, added';
export const DECIDE = {
  name: 'decide',
  text: `select ${ANSWER_COLUMNS} from decide_command($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
};
export const REFUSE_UNREPRESENTABLE = {
  name: 'refuse-unrepresentable',
  text: `select ${ANSWER_COLUMNS} from refuse_unrepresentable($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
};
export const THING = {
  name: 'thing',
  text: `select ${THING_COLUMNS} from things t where id = $1 and not deleted`,
};
export const THING_WITH_MASTER = {
  name: 'thing-with-master',
  text: `select m.owner as master, m.since as "masterSinceEpoch", ${THING_COLUMNS} from mastership m left join things t on t.id = $1 and not t.deleted where m.partition = $2`,
};
export const THINGS = {
  name: 'things',
  text: `select ${THING_COLUMNS} from things t where id > $1 and not deleted order by id limit $2`,
};
const OUTBOX_COLUMNS = `o.xid::text as outbox_xid, o.id as outbox_id, o.partition as outbox_partition, o.epoch, o.fence_epoch, o.id_floor,
  o.requested_on, o.asked_version, o.asked_name, o.asked_foo, o.asked_created_on, o.asked_updated_on, o.asked_added`;
const OUTBOX_ANSWER_COLUMNS = ANSWER_COLUMNS.split(', ')
  .map((column) => `a.${column}`)
  .join(', ');
// `position > last` would lose rows: a transaction with a lower id may commit later. Below the oldest running
// transaction no new row can appear. Numbers and rows are of one snapshot (P16). While the outbox has rows with transaction ids
// of another server (hidden by these ids), no row is read that may be later than they.
export const READ_OUTBOX = {
  name: 'read-outbox',
  text: `with oldest as materialized (
           select xid, id, partition, command_id, epoch, fence_epoch, id_floor, requested_on, asked_version, asked_name,
                  asked_foo, asked_created_on, asked_updated_on, asked_added
             from outbox
            where xid < pg_snapshot_xmin(pg_current_snapshot())
              and not exists (select from outbox f where f.xid >= pg_snapshot_xmax(pg_current_snapshot()))
            order by xid, id limit $1)
         select ${OUTBOX_COLUMNS}, ${OUTBOX_ANSWER_COLUMNS},
                r.number + row_number() over (partition by o.partition order by o.xid, o.id) as number
           from oldest o
           join outbox_removed r on r.partition = o.partition
           left join answers a on a.command_id = o.command_id and a.partition = o.partition
          order by o.xid, o.id`,
};
/**
 * The partitions whose oldest row has waited at least $1 ms (or was added by a clock that was ahead), and those with rows that
 * have transaction ids of another server.
 */
export const OVERDUE_OUTBOX = {
  name: 'overdue-outbox',
  text: `select partition, bool_or(xid >= pg_snapshot_xmax(pg_current_snapshot())) as is_foreign from outbox
          group by partition
         having bool_or(xid >= pg_snapshot_xmax(pg_current_snapshot())) or max(added_on) > clock_timestamp()
             or min(added_on) < clock_timestamp() - $1 * interval '1 millisecond'`,
};
export const READ_PARTITION_OUTBOX = {
  name: 'read-partition-outbox',
  text: `select ${OUTBOX_COLUMNS}, o.number, ${ANSWER_COLUMNS.split(', ')
    .map((column) => `(o.answer).${column}`)
    .join(', ')}
           from read_partition_outbox($1, $2) o`,
};
export const RENUMBER_OUTBOX = { name: 'renumber-outbox', text: 'select renumber_outbox() as renumbered' };
/** Does not wait for the disk: after a crash of Postgres, rows may reappear and are published again; the fold ignores them. */
export const REMOVE_FROM_OUTBOX = {
  name: 'remove-from-outbox',
  text: `with in_background as materialized (select set_config('synchronous_commit', 'off', true))
         select sum(remove_from_outbox(gone.partition, gone.xid, gone.id, gone.number)) as removed
           from in_background, unnest($1::integer[], $2::xid8[], $3::bigint[], $4::bigint[]) as gone(partition, xid, id, number)`,
};
export const OUTBOX_MARK = {
  name: 'outbox-mark',
  text: 'select pg_snapshot_xmax(pg_current_snapshot())::text as mark',
};
export const MIRROR_CHECKPOINTS = {
  name: 'mirror-checkpoints',
  text: 'select next_offset, header from mirror order by partition',
};
export const OUTBOX_PASSED = {
  name: 'outbox-passed',
  text: `select not exists (select from outbox where xid < $1::xid8) and not has_foreign_rows() as passed`,
};
export const APPLY_MIRROR = {
  name: 'apply-mirror',
  text: 'select apply_mirror($1, $2, $3, $4, $5, $6, $7) as applied',
};
const MASTERSHIP_COLUMNS = 'owner as master, epoch, since as "masterSinceEpoch", refused_reason';
export const MASTERSHIP = {
  name: 'mastership',
  text: `select ${MASTERSHIP_COLUMNS} from mastership where partition = $1`,
};
export const FENCE = { name: 'fence', text: `select ${MASTERSHIP_COLUMNS} from fence_partition($1, $2)` };
export const ABORT_SWITCH = {
  name: 'abort-switch',
  text: `select ${MASTERSHIP_COLUMNS} from abort_switch($1, $2, $3)`,
};
export const OUTBOX_SIZE = {
  name: 'outbox-size',
  text: 'select count(*) as size from (select from outbox limit $1) as entries',
};
export const PARTITION_FACTS = {
  name: 'partition-facts',
  text: `select m.partition, m.owner as master, m.epoch, r.number as removed, coalesce(o.waiting, 0) as waiting,
                greatest(0, coalesce(extract(epoch from clock_timestamp() - o.since) * 1000, 0))::float8 as "waitingMs",
                p.next_offset as mirrored
           from mastership m
           join outbox_removed r using (partition)
           join mirror p using (partition)
           left join (select partition, count(*) as waiting, min(added_on) as since from outbox group by partition) o using (partition)
          order by m.partition`,
};
export const MISSING = {
  name: 'missing-versions',
  text: `select v.id, v.version from unnest($1::bigint[], $2::bigint[]) as v(id, version)
           left join things t on t.id = v.id where t.id is null or t.version < v.version`,
};
// A transaction that has an id delays the relay. A prepared transaction has no pid.
export const OLDEST_TRANSACTION = {
  name: 'oldest-transaction',
  text: `select pid, datname as database, usename as "user", state, xact_start as since
           from pg_stat_activity where backend_xid is not null and pid <> pg_backend_pid()
         union all
         select null, database, owner, 'prepared', prepared from pg_prepared_xacts
          order by since limit 1`,
};
