/**
 * Original's Things in Postgres. The rules of a write are in migrations/002-decide-command.sql; how the outbox is read, in
 * 005-outbox.sql.
 */
import type pg from 'pg';
import { fieldsSetIn } from '../../shared/domain/added-fields.ts';
import { directRequest, type ThingCommand } from '../../shared/domain/command.ts';
import { originalFoo } from '../../shared/domain/mapping.ts';
import type { Api } from '../../shared/domain/thing.ts';
import {
  decisionOfRow,
  headerOfRow,
  headerRow,
  mastershipOf,
  mirrorRow,
  outboxEntryOfRow,
  thingOfRow,
  type AnswerRow,
  type HeaderRow,
  type MastershipRow,
  type OutboxRow,
  type ThingRow,
} from './database-rows.ts';
import type { SessionVerification } from './database.ts';
import { faultOf, namedError } from './database-errors.ts';
import type {
  DecideRequest,
  OldestTransaction,
  ThingStore,
  PartitionFacts,
  ThingVersion,
} from './thing-store.ts';
import {
  ABORT_SWITCH,
  APPLY_MIRROR,
  DECIDE,
  FENCE,
  MASTERSHIP,
  MISSING,
  OLDEST_TRANSACTION,
  MIRROR_CHECKPOINTS,
  OUTBOX_MARK,
  OUTBOX_PASSED,
  OUTBOX_SIZE,
  OVERDUE_OUTBOX,
  PARTITION_FACTS,
  READ_OUTBOX,
  READ_PARTITION_OUTBOX,
  REFUSE_UNREPRESENTABLE,
  REMOVE_FROM_OUTBOX,
  RENUMBER_OUTBOX,
  THING,
  THINGS,
  THING_WITH_MASTER,
} from './postgres-statements.ts';

/** A row that waits longer is read whoever has a transaction open in the server. */
const OUTBOX_OVERDUE_MS = 200;

/** Columns that a client knows. */
const FIELDS: ReadonlySet<string> = new Set(['name', 'foo']);

/**
 * `background` serves relay, mirror and switch, which must not wait behind the clients of `pool`, nor end as early as they do.
 */
export const postgresThingStore = (
  pool: pg.Pool,
  background: pg.Pool = pool,
  sessions: SessionVerification = {},
): ThingStore => {
  const wakers: ((isUrgent: boolean) => void)[] = [];
  const wakeRelay = (isUrgent: boolean): void => {
    for (const wake of wakers) wake(isUrgent);
  };
  const query = async <R extends pg.QueryResultRow>(
    statement: { name: string; text: string },
    values: unknown[],
    from: pg.Pool = pool,
  ): Promise<R[]> => {
    try {
      return (await from.query<R>({ ...statement, values })).rows;
    } catch (error) {
      throw namedError(error);
    }
  };

  /** What Postgres can never store is refused by Postgres (P10). */
  const refuse = async (request: DecideRequest, error: unknown): Promise<AnswerRow[]> => {
    const { partition, command, fencingEpoch } = request;
    const { column = '' } = error as { column?: string };
    const values = [
      partition,
      fencingEpoch,
      ...identityValues(command),
      FIELDS.has(column) ? column : null,
      new Date(command.requestedOn),
    ];
    const { version, name, foo, createdOn, updatedOn } = directRequest(command);
    const asked = [version, name, foo, dateOf(createdOn), dateOf(updatedOn), addedValue(command)];
    try {
      return await query<AnswerRow>(REFUSE_UNREPRESENTABLE, [...values, ...asked]);
    } catch (again) {
      if (faultOf(again) !== 'unrepresentable') throw again;
      // Then it is a text that no column can hold.
      return query<AnswerRow>(REFUSE_UNREPRESENTABLE, [...values, ...asked.map(() => null)]);
    }
  };
  const decided = async (request: DecideRequest): Promise<AnswerRow[]> => {
    const { partition, command, fencingEpoch, now } = request;
    const values = [
      partition,
      fencingEpoch,
      ...commandValues(command),
      new Date(now),
      new Date(command.requestedOn),
    ];
    try {
      const askedFoo = command.type === 'delete' ? null : command.foo;
      return await query<AnswerRow>(DECIDE, [...values, askedFoo, addedValue(command)]);
    } catch (error) {
      if (faultOf(error) === 'unrepresentable') return refuse(request, error);
      throw error;
    }
  };
  /** P7, and in migrations/005-outbox.sql: whoever has a transaction open. */
  const readOverdue = async (limit: number): Promise<OutboxRow[]> => {
    const overdue = await query<{ partition: number; is_foreign: boolean }>(
      OVERDUE_OUTBOX,
      [OUTBOX_OVERDUE_MS],
      background,
    );
    if (overdue.some(({ is_foreign: isForeign }) => isForeign)) await query(RENUMBER_OUTBOX, [], background);
    const rows: OutboxRow[] = [];
    for (const { partition } of overdue) {
      if (rows.length >= limit) break;
      rows.push(
        ...(await query<OutboxRow>(READ_PARTITION_OUTBOX, [partition, limit - rows.length], background)),
      );
    }
    return rows;
  };

  return {
    decide: async (request) => {
      const [row] = await decided(request);
      if (row === undefined) return 'not-master';
      wakeRelay(request.fencingEpoch === null);
      return decisionOfRow(row);
    },
    thing: async (id) => {
      const [row] = await query<ThingRow>(THING, [id]);
      return row === undefined ? undefined : thingOfRow(row);
    },
    thingWithMaster: async (id, partition) => {
      const [row] = await query<ThingRow & { master: Api; masterSinceEpoch: number }>(THING_WITH_MASTER, [
        id,
        partition,
      ]);
      if (row === undefined) throw new Error(`there is no partition ${partition}`);
      const { master, masterSinceEpoch } = row;
      return { master, masterSinceEpoch, thing: row.id === null ? undefined : thingOfRow(row) };
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
    readOutbox: async (limit) => {
      const rows = await query<OutboxRow>(READ_OUTBOX, [limit], background);
      return (rows.length > 0 ? rows : await readOverdue(limit)).map(outboxEntryOfRow);
    },
    removeFromOutbox: async (entries) => {
      const last = [...new Map(entries.map((entry) => [entry.partition, entry])).values()];
      const keys = [
        last.map(({ partition }) => partition),
        last.map(({ xid }) => xid),
        last.map(({ id }) => id),
        last.map(({ entry }) => entry.number),
      ];
      await query(REMOVE_FROM_OUTBOX, keys, background);
    },
    onSession: (verify) => {
      sessions.verify = (client) =>
        verify({
          partitionFacts: async () => (await client.query<PartitionFacts>(PARTITION_FACTS.text)).rows,
          missing: async (versions) =>
            (await client.query<ThingVersion>(MISSING.text, versionValues(versions))).rows,
        });
    },
    missing: (versions) => query<ThingVersion>(MISSING, versionValues(versions), background),
    partitionFacts: async () => query<PartitionFacts>(PARTITION_FACTS, [], background),
    oldestTransaction: async () => {
      const [row] = await query<OldestTransaction>(OLDEST_TRANSACTION, [], background);
      return row;
    },
    outboxMark: async () => {
      // Whatever is committed by now has a lower transaction id.
      const [row] = await query<{ mark: string }>(OUTBOX_MARK, []);
      // Who asks for a mark waits for the relay.
      wakeRelay(true);
      return row!.mark;
    },
    outboxPassed: async (mark) => {
      const [row] = await query<{ passed: boolean }>(OUTBOX_PASSED, [mark], background);
      return row?.passed === true;
    },
    outboxSize: async (limit) => (await query<{ size: number }>(OUTBOX_SIZE, [limit], background))[0]!.size,
    onOutbox: (wake) => {
      wakers.push(wake);
    },
    mirrorCheckpoints: async () => {
      const rows = await query<{ next_offset: number; header: HeaderRow }>(
        MIRROR_CHECKPOINTS,
        [],
        background,
      );
      return rows.map(({ next_offset: nextOffset, header }) => ({
        nextOffset,
        header: headerOfRow(header),
      }));
    },
    applyMirror: async (partition, expectedNext, { nextOffset, header }, decisions, released) => {
      const values = [
        partition,
        expectedNext,
        nextOffset,
        headerRow(header),
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

const versionValues = (versions: readonly ThingVersion[]): unknown[] => [
  versions.map(({ id }) => id),
  versions.map(({ version }) => version),
];

/** $3 to $6. */
const identityValues = (command: ThingCommand): unknown[] => [
  command.commandId,
  command.payloadHash,
  command.type,
  command.type === 'create' ? null : command.thingId,
];

/** $3 to $11 of decide_command. */
const commandValues = (command: ThingCommand): unknown[] => [
  ...identityValues(command),
  command.type === 'create' ? null : command.version,
  command.type === 'delete' ? null : command.name,
  command.type === 'delete' ? null : originalFoo(command.foo),
  command.type === 'update' ? dateOf(command.createdOn) : null,
  command.type === 'update' ? dateOf(command.updatedOn) : null,
];

/** As in the tables: those that are not their default, as JSON. */
const addedValue = (command: ThingCommand): string | null =>
  command.type === 'delete' ? null : JSON.stringify(fieldsSetIn(command));

const dateOf = (time: number | null): Date | null => (time === null ? null : new Date(time));
