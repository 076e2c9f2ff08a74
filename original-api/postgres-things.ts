/** Original's Things in Postgres. The rules of a write are in migrations/002-decide-command.sql. */
import type pg from 'pg';
import type { Decision } from '../shared/domain/answer.ts';
import type { ThingCommand } from '../shared/domain/command.ts';
import type { PartitionHeader } from '../shared/domain/partition-state.ts';
import { originalFoo } from '../shared/domain/mapping.ts';
import type { OriginalEntry } from '../shared/domain/outcome.ts';
import type { Owner } from '../shared/domain/thing.ts';
import { decisionOfRow, mirrorRow, thingOfRow, type AnswerRow, type ThingRow } from './answer-rows.ts';
import type { Mastership, OriginalThings, OutboxEntry } from './original-things.ts';

const DECIDE = {
  name: 'decide',
  text: 'select * from decide_command($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)',
};
const THING = { name: 'thing', text: 'select * from things where id = $1 and not deleted' };
const THING_WITH_OWNER = {
  name: 'thing-with-owner',
  text: `select m.owner, m.since, t.* from mastership m left join things t on t.id = $1 and not t.deleted where m.partition = $2`,
};
const THINGS = {
  name: 'things',
  text: 'select * from things where id > $1 and not deleted order by id limit $2',
};
// `position > last` would lose rows: a transaction with a lower id may commit later. Below the oldest running
// transaction nothing can come any more.
const READ_OUTBOX = {
  name: 'read-outbox',
  text: `select o.xid::text as outbox_xid, o.id as outbox_id, o.partition as outbox_partition, o.epoch, o.fence_epoch,
                o.id_floor, a.*
           from outbox o left join answers a on a.command_id = o.command_id and a.partition = o.partition
          where o.xid < pg_snapshot_xmin(pg_current_snapshot())
          order by o.xid, o.id limit $1`,
};
/** Does not wait for the disk: after a crash of Postgres what comes back is published once more, which the fold ignores. */
const REMOVE_FROM_OUTBOX = {
  name: 'remove-from-outbox',
  text: `with in_background as materialized (select set_config('synchronous_commit', 'off', true))
         delete from outbox using in_background, unnest($1::xid8[], $2::bigint[]) as gone(xid, id)
          where outbox.xid = gone.xid and outbox.id = gone.id`,
};
const OUTBOX_PASSED = {
  name: 'outbox-passed',
  text: 'select not exists (select from outbox where xid < $1::xid8) as passed',
};
const APPLY_MIRROR = {
  name: 'apply-mirror',
  text: 'select apply_mirror($1, $2, $3, $4, $5, $6, $7) as applied',
};
const MASTERSHIP = { name: 'mastership', text: 'select * from mastership where partition = $1' };
const FENCE = { name: 'fence', text: 'select * from fence_partition($1, $2)' };
const ABORT_SWITCH = { name: 'abort-switch', text: 'select * from abort_switch($1, $2, $3)' };
const OUTBOX_SIZE = {
  name: 'outbox-size',
  text: 'select count(*) as size from (select from outbox limit $1) as entries',
};

interface MastershipRow {
  owner: Owner;
  epoch: number;
  since: number;
  refused_reason: string | null;
}

type OutboxRow = AnswerRow & {
  number: number;
  outbox_xid: string;
  outbox_id: number;
  outbox_partition: number;
  epoch: number;
  fence_epoch: number | null;
  id_floor: number | null;
};

/**
 * `background` serves relay, mirror and switch, which must not wait behind the clients of `pool`, nor end as early as they do.
 */
export const postgresThings = (pool: pg.Pool, background: pg.Pool = pool): OriginalThings => {
  const wakers: ((isUrgent: boolean) => void)[] = [];
  const wakeRelay = (isUrgent: boolean): void => {
    for (const wake of wakers) wake(isUrgent);
  };
  const query = async <R extends pg.QueryResultRow>(
    statement: { name: string; text: string },
    values: unknown[],
    from: pg.Pool = pool,
  ): Promise<R[]> => (await from.query<R>({ ...statement, values })).rows;

  return {
    decide: async ({ partition, command, token, now }) => {
      const [row] = await query<AnswerRow>(DECIDE, [
        partition,
        token,
        ...commandValues(command),
        new Date(now),
      ]);
      if (row === undefined) return 'not-owner';
      wakeRelay(token === null);
      return decisionOfRow(row);
    },
    thing: async (id) => {
      const [row] = await query<ThingRow>(THING, [id]);
      return row === undefined ? undefined : thingOfRow(row);
    },
    thingWithOwner: async (id, partition) => {
      const [row] = await query<ThingRow & { owner: Owner; since: number }>(THING_WITH_OWNER, [
        id,
        partition,
      ]);
      if (row === undefined) throw new Error(`there is no partition ${partition}`);
      const { owner, since } = row;
      return { owner, since, thing: row.id === null ? undefined : thingOfRow(row) };
    },
    things: async (after, limit) => (await query<ThingRow>(THINGS, [after, limit])).map(thingOfRow),
    mastership: async (partition) =>
      mastershipOf(await query<MastershipRow>(MASTERSHIP, [partition], background)),
    fence: async (partition, epoch) => {
      const row = mastershipOf(await query<MastershipRow>(FENCE, [partition, epoch], background));
      wakeRelay(true);
      return row;
    },
    abortSwitch: async (partition, epoch, reason) =>
      mastershipOf(await query<MastershipRow>(ABORT_SWITCH, [partition, epoch, reason], background)),
    readOutbox: async (limit) =>
      (await query<OutboxRow>(READ_OUTBOX, [limit], background)).map(outboxEntryOfRow),
    removeFromOutbox: async (entries) => {
      const keys = [entries.map(({ xid }) => xid), entries.map(({ id }) => id)];
      await query(REMOVE_FROM_OUTBOX, keys, background);
    },
    outboxMark: async () => {
      // Whatever is committed by now has a lower transaction id.
      const { rows } = await pool.query<{ mark: string }>(
        'select pg_snapshot_xmax(pg_current_snapshot())::text as mark',
      );
      // Who asks for a mark waits for the relay.
      wakeRelay(true);
      return rows[0]!.mark;
    },
    outboxPassed: async (mark) => {
      const [row] = await query<{ passed: boolean }>(OUTBOX_PASSED, [mark], background);
      return row?.passed === true;
    },
    outboxSize: async (limit) => (await query<{ size: number }>(OUTBOX_SIZE, [limit], background))[0]!.size,
    onOutbox: (wake) => {
      wakers.push(wake);
    },
    mirrorPlaces: async () => {
      const { rows } = await pool.query<{ next_offset: number; header: PartitionHeader }>(
        'select next_offset, header from mirror order by partition',
      );
      return rows.map(({ next_offset: nextOffset, header }) => ({ nextOffset, header }));
    },
    applyMirror: async (partition, expectedNext, { nextOffset, header }, decisions, released) => {
      const values = [
        partition,
        expectedNext,
        nextOffset,
        JSON.stringify(header),
        JSON.stringify(decisions.map(mirrorRow)),
        released?.epoch ?? null,
        released?.idFloor ?? null,
      ];
      const [row] = await query<{ applied: boolean }>(APPLY_MIRROR, values, background);
      return row?.applied === true;
    },
    close: async () => {
      await pool.end();
      if (background !== pool) await background.end();
    },
  };
};

const mastershipOf = ([row]: MastershipRow[]): Mastership => {
  if (row === undefined) throw new Error('there is no such partition');
  const { owner, epoch, since, refused_reason: refusedReason } = row;
  return { owner, epoch, since, refusedReason };
};

/** $3 to $11 of decide_command. */
const commandValues = (command: ThingCommand): unknown[] => [
  command.commandId,
  command.payloadHash,
  command.type,
  command.type === 'create' ? null : command.thingId,
  command.type === 'create' ? null : command.version,
  command.type === 'delete' ? null : command.name,
  command.type === 'delete' ? null : originalFoo(command.foo),
  command.type === 'update' ? dateOf(command.createdOn) : null,
  command.type === 'update' ? dateOf(command.updatedOn) : null,
];

const dateOf = (time: number | null): Date | null => (time === null ? null : new Date(time));

const outboxEntryOfRow = (row: OutboxRow): OutboxEntry => {
  const decision: Decision | undefined = row.command_id === null ? undefined : decisionOfRow(row);
  const entry: OriginalEntry = {
    type: 'original-entry',
    number: row.number,
    request: null,
    epoch: row.epoch,
    state: decision?.state ?? null,
    answer: decision?.answer ?? null,
    fence: row.fence_epoch === null ? null : { epoch: row.fence_epoch, idFloor: row.id_floor ?? 0 },
  };
  return { xid: row.outbox_xid, id: row.outbox_id, partition: row.outbox_partition, entry };
};
