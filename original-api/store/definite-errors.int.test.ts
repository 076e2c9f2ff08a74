/** What Postgres refuses for good is a decision; what it refuses because it is not as we made it is said at once. */
import type pg from 'pg';
import { pino } from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { create, NOW, update } from '../../test/outcome-log.ts';
import { freshDatabase } from '../../test/fresh-database.ts';
import type { Decision } from '../../shared/domain/answer.ts';
import { partitionOfCommand } from '../../shared/domain/command.ts';
import { answerReply } from '../../shared/things-api/answer-reply.ts';
import type { CommandSender } from '../../shared/commands/command-sender.ts';
import { createMemoryLog } from '../../shared/log/memory-log.ts';
import { createProgress } from '../../shared/process/progress.ts';
import { systemTime } from '../../shared/process/time.ts';
import { DatabaseUnusableError, faultOf } from './database-errors.ts';
import { internalHandlers } from '../internal/internal-handlers.ts';
import { wholeOutbox } from './outbox.contract.ts';
import type { ThingStore } from './thing-store.ts';
import { CONTRACT_PARTITIONS, decide } from './thing-store.contract.ts';
import { postgresThingStore } from './postgres-thing-store.ts';
import { originalBackend } from '../things-backend.ts';

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanUp.splice(0).toReversed()) await clean();
});
const open = async (): Promise<{ things: ThingStore; pool: pg.Pool }> => {
  const { pool, drop } = await freshDatabase('original', CONTRACT_PARTITIONS);
  cleanUp.push(drop);
  return { things: postgresThingStore(pool), pool };
};
const raising = (how: string): string => `
  create function no_bad() returns trigger language plpgsql as $$ begin
    if new.name = 'bad' then raise exception 'not here' ${how}; end if; return new; end $$;
  create trigger no_bad before insert or update on things for each row execute function no_bad()`;
const RULES: readonly (readonly [string, string])[] = [
  ['a CHECK constraint', `alter table things add check (name <> 'bad')`],
  [
    'a unique index',
    `create unique index on things (name) where name = 'bad'; insert into things values (0, 'bad', 0, now(), now(), 0)`,
  ],
  [
    'an exclusion constraint',
    `alter table things add exclude (name with =) where (name = 'bad'); insert into things values (0, 'bad', 0, now(), now(), 0)`,
  ],
  ['a trigger that raises', raising('')],
  ['a trigger that raises class 22', raising(`using errcode = '22023'`)],
  [
    'a NOT NULL column of a trigger',
    `alter table things add colour text not null default 'red';
    create function no_bad() returns trigger language plpgsql as $$ begin
      if new.name = 'bad' then new.colour := null; end if; return new; end $$;
    create trigger no_bad before insert or update on things for each row execute function no_bad()`,
  ],
];

describe('what an operator has forbidden', () => {
  test.each(RULES)(
    '%s: a stored refusal for a direct write and a command of the log; the partition goes on',
    async (_, rule) => {
      const { things, pool } = await open();
      const first = (await decide(things, create('c', 'good'))) as Decision;
      await pool.query(rule);
      const { id } = first.state!;
      const refused = [
        await decide(things, create('direct', 'bad')),
        await decide(things, create('of the log', 'bad'), 0),
        await decide(things, update('change', id, 0, 'bad')),
      ];
      for (const decision of refused)
        expect(decision).toMatchObject({ answer: { code: 'unrepresentable', field: null }, state: null });
      const reply = answerReply(refused[0] as Decision, 'original');
      expect(reply.status).toBe(400);
      expect(reply.body).toContain('a rule of its database refuses these values');
      // Stored: the same answer when the rule is gone.
      await pool.query(`drop trigger if exists no_bad on things; delete from things where id = 0`);
      expect(await decide(things, create('direct', 'bad'))).toEqual(refused[0]);
      expect(await decide(things, create('of the log', 'bad'), 0)).toEqual(refused[1]);
      expect(await decide(things, update('more', id, 0, 'fine'))).toMatchObject({
        answer: { code: 'accepted' },
      });
      const asked = (await wholeOutbox(things)).map(({ entry }) => [
        entry.answer?.commandId,
        entry.request?.name,
      ]);
      expect(Object.fromEntries(asked)).toEqual({ c: 'good', direct: 'bad', change: 'bad', more: 'fine' });
    },
  );
  test('a text that the server cannot hold is a refusal too, without that text', async () => {
    const { things } = await open();
    const decision = await decide(things, create('nul', 'a\0b'));
    expect(decision).toMatchObject({ answer: { code: 'unrepresentable' } });
    expect(await wholeOutbox(things)).toMatchObject([
      { entry: { request: { name: null, requestedOn: NOW } } },
    ]);
    expect(await decide(things, create('nul', 'a\0b'))).toEqual(decision);
  });
});

describe('a database that is not as we made it', () => {
  test.each([
    ['a function is gone', 'drop function change_thing'],
    ['a column is gone', 'alter table answers drop column field'],
    ['a table is gone', 'drop table outbox'],
  ])('%s: 503 at once with a sentence, to clients and to the updater, and one log line', async (_, fault) => {
    const { things, pool } = await open();
    await pool.query(fault);
    await expect(decide(things, create('c'))).rejects.toThrow(DatabaseUnusableError);
    const lines: string[] = [];
    const logger = pino({}, { write: (line: string) => void lines.push(line) });
    const parts = {
      things,
      checkWritable: () => undefined,
      partitions: CONTRACT_PARTITIONS,
      log: createMemoryLog(),
      mirrored: createProgress([0, 0, 0, 0], systemTime),
      responseWaitMs: 10_000,
      time: systemTime,
    };
    const sender: Pick<CommandSender, 'sendAndWait'> = {
      sendAndWait: () => Promise.reject(new Error('nothing is sent')),
    };
    const backend = originalBackend({
      ...parts,
      logger,
      features: () => [],
      outcomesTopic: 'outcomes',
      sender: sender as CommandSender,
    });
    const calls = internalHandlers({ ...parts, feedTopic: 'feed' });
    const said = {
      code: 'unavailable',
      message: expect.stringMatching(/^nothing was written, the database is not as Original made it .*: /),
    };
    const began = performance.now();
    for (const commandId of ['c', 'd', 'e'])
      await expect(backend.write(create(commandId), { respondAsync: false })).rejects.toMatchObject(said);
    const command = create('of the log');
    await expect(
      calls.decide(partitionOfCommand(command, CONTRACT_PARTITIONS), 0, command),
    ).rejects.toMatchObject(said);
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(lines).toHaveLength(1);
  });
});

test('what may pass is tried again', () => {
  for (const code of [
    '40001',
    '40P01',
    '55P03',
    '57014',
    '53100',
    '53300',
    '57P01',
    '0A000',
    '42P05',
    '25006',
  ])
    expect([code, faultOf({ code })]).toEqual([code, 'retry']);
  expect(faultOf({ code: '23505', constraint: 'answers_pkey' })).toBe('retry');
  expect(faultOf(new Error('Connection terminated unexpectedly'))).toBe('retry');
  for (const code of ['42501', '42883', '42704', '42P01', '3F000'])
    expect([code, faultOf({ code })]).toEqual([code, 'unusable']);
});
