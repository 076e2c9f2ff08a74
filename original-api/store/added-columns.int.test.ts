/** An operator adds a column to our tables beside a running Original: nobody notices. */
import { afterEach, expect, test } from 'vitest';
import { create, NOW, thing, update } from '../../test/outcome-log.ts';
import { freshDatabase } from '../../test/fresh-database.ts';
import { accepted, type Decision } from '../../shared/domain/answer.ts';
import { emptyHeader } from '../../shared/domain/partition-state.ts';
import { partitionOfCommand, type ThingCommand } from '../../shared/domain/command.ts';
import { CONTRACT_PARTITIONS } from './thing-store.contract.ts';
import { postgresThingStore } from './postgres-thing-store.ts';

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const drop of opened.splice(0)) await drop();
});

const TABLES = ['things', 'answers', 'outbox', 'mastership', 'outbox_removed', 'mirror', 'genesis'];
/** Also names that stand for something in our functions. */
const COLUMNS = ['colour', 'removed', 'answer', 'thing', 'changed', 'master', 'ids'];
const WORKERS = 8;

test('columns are added under load, on connections that have prepared everything: no call fails', async () => {
  const { pool, drop } = await freshDatabase('original', CONTRACT_PARTITIONS);
  opened.push(drop);
  const things = postgresThingStore(pool);
  const decide = (command: ThingCommand) =>
    things.decide({
      partition: partitionOfCommand(command, CONTRACT_PARTITIONS),
      command,
      fencingEpoch: null,
      now: NOW,
    });
  let running = true;
  let rounds = 0;
  const worker = async (name: number): Promise<void> => {
    const { id } = ((await decide(create(`c${name}`))) as Decision).state!;
    for (let version = 0; running; version++, rounds++) {
      expect(await decide(update(`${name}/${version}`, id, version))).toMatchObject({
        state: { version: version + 1 },
      });
      expect(await things.thing(id)).toMatchObject({ version: version + 1 });
      expect(await things.thingWithMaster(id, id % CONTRACT_PARTITIONS)).toMatchObject({ thing: { id } });
      expect(await things.things(0, 100)).not.toEqual([]);
      await things.mastership(0);
      await things.abortSwitch(0, 99, 'no');
      await things.outboxPassed(await things.outboxMark());
      await things.mirrorCheckpoints();
      await things.oldestTransaction();
    }
  };
  const relay = async (): Promise<void> => {
    while (running) {
      await things.removeFromOutbox(await things.readOutbox(50));
      await things.partitionFacts();
    }
  };
  const working = Promise.all([...Array.from({ length: WORKERS }, (_, name) => worker(name)), relay()]);
  const altering = (async () => {
    const until = async (round: number): Promise<void> => {
      while (rounds < round) await pool.query('select pg_sleep(0.01)');
    };
    await until(2 * WORKERS);
    for (const column of COLUMNS) {
      for (const table of TABLES)
        await pool.query(`alter table ${table} add column ${column} text default 'x'`);
      await until(rounds + WORKERS);
    }
    running = false;
  })();
  await Promise.race([working, altering]);
  await Promise.all([working, altering]);
  await things.fence(1, 1);
  const checkpoint = { nextOffset: 1, header: emptyHeader(1) };
  const taken = [accepted(create('by Shiny'), thing(40_001))];
  expect(await things.applyMirror(1, 0, checkpoint, taken)).toBe(true);
  expect(await things.thing(40_001)).toBeDefined();
  expect(await things.mastership(1)).toMatchObject({ master: 'shiny', epoch: 1 });
});
