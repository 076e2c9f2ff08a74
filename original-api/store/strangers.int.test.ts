/** What other people do in the same server: transactions that they leave open, rows that they lock. */
import pg from 'pg';
import { pino } from 'pino';
import { afterEach, describe, expect, inject, test, vi } from 'vitest';
import { create, NOW, update } from '../../test/outcome-log.ts';
import { freshDatabase, openTestDatabase } from '../../test/fresh-database.ts';
import type { Decision } from '../../shared/domain/answer.ts';
import type { CommandSender } from '../../shared/commands/command-sender.ts';
import { partitionOfCommand, type ThingCommand } from '../../shared/domain/command.ts';
import { internalHandlers } from '../internal/internal-handlers.ts';
import { LOCK_TIMEOUT_MS } from './database.ts';
import { wholeOutbox } from './outbox.contract.ts';
import type { ThingStore, OutboxEntry } from './thing-store.ts';
import { CONTRACT_PARTITIONS, decide } from './thing-store.contract.ts';
import { createOutboxWatch } from './outbox-watch.ts';
import { postgresThingStore } from './postgres-thing-store.ts';
import { originalBackend } from '../things-backend.ts';
import { LANE_MAX_WRITES } from '../thing-lanes.ts';
import type { ApiError } from '../../shared/http/errors.ts';
import { silentLogger } from '../../shared/process/logger.ts';
import { createMetrics } from '../../shared/process/metrics.ts';
import { createProgress } from '../../shared/process/progress.ts';
import { systemTime } from '../../shared/process/time.ts';
import { createMemoryLog } from '../../shared/log/memory-log.ts';

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanUp.splice(0).toReversed()) await clean();
});
const open = async (): Promise<{ things: ThingStore; pool: pg.Pool; namespace: string }> => {
  const { namespace, drop } = await freshDatabase('original', CONTRACT_PARTITIONS);
  cleanUp.push(drop);
  const pool = await openTestDatabase(namespace, LOCK_TIMEOUT_MS);
  cleanUp.push(() => pool.end());
  return { things: postgresThingStore(pool), pool, namespace };
};
const partitionOf = (command: ThingCommand): number => partitionOfCommand(command, CONTRACT_PARTITIONS);
/** In a database of the server that has nothing to do with us, with a transaction id. */
const strangersTransaction = async (): Promise<{ pid: number; end: () => Promise<void> }> => {
  const url = new URL(inject('stack').DATABASE_URL);
  url.pathname = '/postgres';
  const client = new pg.Client(url.href);
  await client.connect();
  let open_ = true;
  const end = async (): Promise<void> => {
    if (open_) await client.end();
    open_ = false;
  };
  cleanUp.push(end);
  await client.query('begin');
  const { rows } = await client.query<{ pid: number }>(
    'select pg_backend_pid() as pid, pg_current_xact_id()',
  );
  return { pid: rows[0]!.pid, end };
};
const since = async <T>(work: () => Promise<T>): Promise<{ result: T; ms: number }> => {
  const began = performance.now();
  const result = await work();
  return { result, ms: performance.now() - began };
};

/** As the relay does it. */
const relayed = async (things: ThingStore, count: number): Promise<OutboxEntry[]> => {
  const entries: OutboxEntry[] = [];
  while (entries.length < count) {
    const read = await things.readOutbox(100);
    await things.removeFromOutbox(read);
    entries.push(...read);
  }
  return entries;
};

/** Of the 200 ms that an entry waits first, and of a busy machine. */
const DELAY_MAX_MS = 2_000;

describe('a transaction that is open in another database of the server', () => {
  test('delays the relay, and stops neither it nor fence nor mark', async () => {
    const { things } = await open();
    await strangersTransaction();
    const command = create('c');
    const partition = partitionOf(command);
    await decide(things, command);
    const mark = await things.outboxMark();
    expect(await things.outboxPassed(mark)).toBe(false);
    const fence = await since(() => things.fence(partition, 1));
    expect(fence.result).toMatchObject({ master: 'shiny' });
    expect(fence.ms).toBeLessThan(DELAY_MAX_MS);
    const { result, ms } = await since(() => relayed(things, 2));
    expect(ms).toBeLessThan(DELAY_MAX_MS);
    expect(result).toMatchObject([
      { entry: { number: 1, answer: { commandId: 'c' } } },
      { entry: { number: 2, fence: { epoch: 1 } } },
    ]);
    expect(await things.outboxPassed(mark)).toBe(true);
  });
  test('is shown: in the mastership, and by one log line when entries wait', async () => {
    const { things, pool } = await open();
    const { pid } = await strangersTransaction();
    const calls = internalHandlers({
      things,
      checkWritable: () => undefined,
      log: createMemoryLog(),
      feedTopic: 'feed',
      partitions: CONTRACT_PARTITIONS,
      mirrored: createProgress([0, 0, 0, 0], systemTime),
      responseWaitMs: 1_000,
      time: { ...systemTime, now: () => Date.now() + 60_000 },
    });
    const text = (await calls.mastership(0)).oldestTransaction;
    expect(text).toMatch(/^a transaction is open in the database server since .*: process \d+/);
    // Somebody else's may be older: ours is in the list of the server in any case.
    const { rows } = await pool.query('select state, datname from pg_stat_activity where pid = $1', [pid]);
    expect(rows).toEqual([{ state: 'idle in transaction', datname: 'postgres' }]);

    await decide(things, create('c'));
    await pool.query(`update outbox set added_on = added_on - interval '5 seconds'`);
    const lines: string[] = [];
    const logger = pino({}, { write: (line: string) => void lines.push(line) });
    const metrics = createMetrics('test');
    const watch = createOutboxWatch({ things, logger, metrics, time: systemTime });
    for (let check = 0; check < 3; check++) await watch(await things.partitionFacts());
    expect(lines).toHaveLength(1);
    const [, value] = /outbox_oldest_seconds\{partition="\d",service="test"\} ([5-9]\.\d+)/.exec(
      await metrics.registry.metrics(),
    )!;
    expect(Number(value)).toBeGreaterThan(5);
  });
});

describe('a row that somebody else has locked', () => {
  test('delays its own Thing: others of the partition, relay and fence wait for one try at most', async () => {
    const { things, pool } = await open();
    const first = create('c');
    const partition = partitionOf(first);
    const others = Array.from({ length: 60 }, (_, index) => create(`o${index}`))
      .filter((command) => partitionOf(command) === partition)
      .slice(0, 5);
    const { id } = ((await decide(things, first)) as Decision).state!;
    const stranger = await pool.connect();
    await stranger.query('begin');
    await stranger.query('select * from things where id = $1 for update', [id]);

    // As a client's request does it: again and again.
    let waiting = true;
    let tries = 0;
    const held = (async () => {
      while (waiting) {
        await things
          .decide({ partition, command: update('u', id, 0), fencingEpoch: null, now: NOW })
          .catch(() => tries++);
      }
    })();
    for (const command of others) {
      const { result, ms } = await since(() => decide(things, command));
      expect(result).toMatchObject({ answer: { code: 'accepted' } });
      expect(ms).toBeLessThan(LOCK_TIMEOUT_MS + DELAY_MAX_MS);
    }
    const entries = await since(() => relayed(things, others.length + 1));
    expect(entries.ms).toBeLessThan(LOCK_TIMEOUT_MS + DELAY_MAX_MS);
    const fence = await since(() => things.fence(partition, 1));
    expect(fence.result).toMatchObject({ master: 'shiny', epoch: 1 });
    expect(fence.ms).toBeLessThan(LOCK_TIMEOUT_MS + DELAY_MAX_MS);
    waiting = false;
    await held;
    expect(tries).toBeGreaterThan(0);
    await stranger.query('rollback');
    stranger.release();
    expect(await wholeOutbox(things)).toHaveLength(1);
    expect(
      await things.decide({ partition, command: update('u', id, 0), fencingEpoch: null, now: NOW }),
    ).toBe('not-master');
  });

  test('takes few connections, however many clients write to it: the others are free', async () => {
    const { things, pool, namespace } = await open();
    const { id } = ((await decide(things, create('c'))) as Decision).state!;
    const stranger = await pool.connect();
    await stranger.query('begin');
    await stranger.query('select * from things where id = $1 for update', [id]);
    const backend = originalBackend({
      things,
      checkWritable: () => undefined,
      partitions: CONTRACT_PARTITIONS,
      log: createMemoryLog(),
      mirrored: createProgress([0, 0, 0, 0], systemTime),
      responseWaitMs: 3 * LOCK_TIMEOUT_MS,
      time: systemTime,
      logger: silentLogger(),
      outcomesTopic: 'outcomes',
      features: () => [],
      sender: undefined as unknown as CommandSender,
    });
    const clients = 20 * LANE_MAX_WRITES;
    const writes = Promise.allSettled(
      Array.from({ length: clients }, (_, index) =>
        backend.write(update(`u${index}`, id, 0), { respondAsync: false }),
      ),
    );
    const waiting = async (): Promise<number> => {
      const { rows } = await pool.query<{ count: number }>(
        `select count(*) from pg_stat_activity where wait_event_type = 'Lock' and wait_event in ('tuple', 'transactionid') and application_name = $1`,
        [`test ${namespace}`],
      );
      return rows[0]!.count;
    };
    await vi.waitFor(async () => expect(await waiting()).toBe(LANE_MAX_WRITES));
    // Those that had their turn do not know what became of them; the others know that nothing was written.
    const codes = (await writes).map((result) =>
      result.status === 'rejected' ? (result.reason as ApiError).code : 'accepted',
    );
    expect(new Set(codes)).toEqual(new Set(['outcome-unknown', 'unavailable']));
    await stranger.query('rollback');
    stranger.release();
    expect(await backend.write(update('u', id, 0), { respondAsync: false })).toMatchObject({
      kind: 'decided',
    });
  });
});
