/** How the outbox is read in Postgres: whatever it looked like at the last `analyze`, and wherever its rows come from. */
import type pg from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { create, NOW } from '../../test/outcome-log.ts';
import { freshDatabase, openTestDatabase } from '../../test/fresh-database.ts';
import { partitionOfCommand } from '../../shared/domain/command.ts';
import { wholeOutbox } from './outbox.contract.ts';
import type { ThingStore } from './thing-store.ts';
import { CONTRACT_PARTITIONS } from './thing-store.contract.ts';
import { postgresThingStore } from './postgres-thing-store.ts';

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const drop of opened.splice(0)) await drop();
});
const open = async (): Promise<{ things: ThingStore; pool: pg.Pool; namespace: string }> => {
  const { pool, namespace, drop } = await freshDatabase('original', CONTRACT_PARTITIONS);
  opened.push(drop);
  return { things: postgresThingStore(pool), pool, namespace };
};
const createIn = async (things: ThingStore, commandId: string): Promise<void> => {
  const command = create(commandId);
  const partition = partitionOfCommand(command, CONTRACT_PARTITIONS);
  await things.decide({ partition, command, fencingEpoch: null, now: NOW });
};

describe('a large outbox', () => {
  const ROWS = 20_000;
  const BATCH = 500;
  const RATIO_MAX = 3;

  const drainMs = async (analyzedWhenEmpty: boolean): Promise<number> => {
    const { things, pool } = await open();
    if (analyzedWhenEmpty) await pool.query('analyze outbox, answers, outbox_removed');
    await pool.query(
      `insert into answers (command_id, partition, payload_hash, command_type, thing_id, code, name, foo, created_on, updated_on, version, deleted, added)
         select 'c' || i, i % 4, 'h', 'create', i + 4, 'accepted', 'a', 1, now(), now(), 0, false, '{}' from generate_series(1, $1) i`,
      [ROWS],
    );
    await pool.query(
      `insert into outbox (partition, epoch, command_id, requested_on) select i % 4, 0, 'c' || i, now() from generate_series(1, $1) i`,
      [ROWS],
    );
    if (!analyzedWhenEmpty) await pool.query('analyze outbox, answers, outbox_removed');
    const began = performance.now();
    let drained = 0;
    while (drained < ROWS) {
      const entries = await things.readOutbox(BATCH);
      await things.removeFromOutbox(entries);
      drained += entries.length;
    }
    const facts = await things.partitionFacts();
    expect(facts.map(({ removed, waiting }) => [removed, waiting])).toEqual(
      facts.map(() => [ROWS / CONTRACT_PARTITIONS, 0]),
    );
    return performance.now() - began;
  };

  test('is read and removed as fast when it was empty at the last analyze', async () => {
    const usual = await drainMs(false);
    const misled = await drainMs(true);
    expect(misled / usual).toBeLessThan(RATIO_MAX);
  });
});

describe('rows that were restored from a server with higher transaction ids', () => {
  /** As after a restore: the ids of the first rows are 2^40 higher. */
  const moveAhead = (pool: pg.Pool, rows = 'true'): Promise<pg.QueryResult> =>
    pool.query(`update outbox set xid = (xid::text::bigint + (1::bigint << 40))::text::xid8 where ${rows}`);
  /** `partition, number: command id`: the order holds within a partition. */
  const numbered = async (things: ThingStore): Promise<string[]> =>
    (await wholeOutbox(things))
      .map(({ partition, entry }) => `${partition}, ${entry.number}: ${entry.answer?.commandId}`)
      .toSorted();

  test('are hidden, and hold the mark, until the relay gives them new ids: before all that came since, in their order', async () => {
    const { things, pool } = await open();
    for (let index = 0; index < 6; index++) await createIn(things, `old ${index}`);
    const before = await numbered(things);
    await moveAhead(pool);
    for (let index = 0; index < 6; index++) await createIn(things, `new ${index}`);
    expect(await things.outboxPassed(await things.outboxMark())).toBe(false);
    const after = await numbered(things);
    expect(after.filter((entry) => entry.includes('old'))).toEqual(before);
    for (const partition of [0, 1, 2, 3]) {
      const kinds = after
        .filter((entry) => entry.startsWith(`${partition}, `))
        .map((entry) => entry.includes('new'));
      expect(kinds).toEqual(kinds.toSorted());
    }
  });
  test('the relay renumbers by itself, with whatever clock they were written', async () => {
    for (const clock of ['1 day', '-1 day']) {
      const { things, pool } = await open();
      for (let index = 0; index < 4; index++) await createIn(things, `old ${index}`);
      const before = await numbered(things);
      await moveAhead(pool);
      await pool.query(`update outbox set added_on = added_on + interval '${clock}'`);
      expect(await numbered(things)).toEqual(before);
    }
  });
  test('only a part of them is ahead of the server: their order stays', async () => {
    const { things, pool } = await open();
    for (let index = 0; index < 6; index++) await createIn(things, `old ${index}`);
    const before = await numbered(things);
    await moveAhead(pool, `command_id >= 'old 3'`);
    expect(await numbered(things)).toEqual(before);
  });
  test('a fence never overtakes them, and opening the database is enough', async () => {
    const { things, pool, namespace } = await open();
    const partition = partitionOfCommand(create('old'), CONTRACT_PARTITIONS);
    await createIn(things, 'old');
    await moveAhead(pool);
    await expect(things.fence(partition, 1)).rejects.toThrow('transaction ids of another server');
    expect(await things.mastership(partition)).toMatchObject({ master: 'original', epoch: 0 });
    await (await openTestDatabase(namespace)).end();
    await things.fence(partition, 1);
    const entries = (await wholeOutbox(things)).map(({ entry }) => entry);
    expect(entries).toMatchObject([{ answer: { commandId: 'old' } }, { fence: { epoch: 1 } }]);
  });
  test('entries that got new ids since they were read are not removed unread', async () => {
    const { things, pool } = await open();
    const partition = partitionOfCommand(create('old'), CONTRACT_PARTITIONS);
    await createIn(things, 'old');
    const read = await wholeOutbox(things);
    await createIn(things, 'old');
    await pool.query(
      `insert into outbox (partition, epoch, fence_epoch, id_floor) select $1, 0, i, 0 from generate_series(1, 3) i`,
      [partition],
    );
    const stale = read.map((entry) => ({ ...entry, xid: String(2n ** 50n) }));
    await expect(things.removeFromOutbox(stale)).rejects.toThrow('than were read');
    expect(await wholeOutbox(things)).toHaveLength(4);
  });
});
