import type pg from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { create, NOW, update } from '../../test/outcome-log.ts';
import { eventually } from '../../test/http-client.ts';
import { freshDatabase } from '../../test/fresh-database.ts';
import type { Decision } from '../../shared/domain/answer.ts';
import { partitionOfCommand } from '../../shared/domain/command.ts';
import { describeOriginalOutbox, wholeOutbox } from './outbox.contract.ts';
import { describeOriginalSwitch } from './mastership.contract.ts';
import { CONTRACT_PARTITIONS, describeThingStore, decide } from './thing-store.contract.ts';
import type { ThingStore } from './thing-store.ts';
import { postgresThingStore } from './postgres-thing-store.ts';

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const drop of opened.splice(0)) await drop();
});
const openThings = async (master: 'original' | 'shiny'): Promise<{ things: ThingStore; pool: pg.Pool }> => {
  const { pool, drop } = await freshDatabase(master, CONTRACT_PARTITIONS);
  opened.push(drop);
  return { things: postgresThingStore(pool), pool };
};

/** Others use the same server, and their transactions hide rows for a moment. */
const openPatient = async (master: 'original' | 'shiny'): Promise<ThingStore> => {
  const { things } = await openThings(master);
  return {
    ...things,
    readOutbox: async (limit) =>
      (await things.outboxSize(limit)) === 0 ? things.readOutbox(limit) : wholeOutbox(things, limit),
  };
};

describeThingStore('Postgres', openPatient);
describeOriginalSwitch('Postgres', openPatient);
describeOriginalOutbox('Postgres', openPatient);

describe('the write function under concurrent writers', () => {
  const WRITERS = 32;
  const ROUNDS = 10;

  test('each version has one winner, and every loser is told the truth', async () => {
    const { things } = await openThings('original');
    const first = (await decide(things, create('c'))) as Decision;
    const { id } = first.state!;
    for (let version = 0; version < ROUNDS; version++) {
      const decisions = (await Promise.all(
        Array.from({ length: WRITERS }, (_, writer) =>
          decide(things, update(`${version}/${writer}`, id, version)),
        ),
      )) as Decision[];
      const winners = decisions.filter(({ answer }) => answer.code === 'accepted');
      expect(winners.map(({ state }) => state?.version)).toEqual([version + 1]);
      const losers = decisions.filter(({ answer }) => answer.code !== 'accepted');
      for (const { answer } of losers)
        expect(answer).toMatchObject({ code: 'conflict', currentVersion: version + 1 });
    }
  });

  test('one command id at once: one effect, one answer', async () => {
    const { things } = await openThings('original');
    // The first round opens the connections, one after the other; from then on they really run at once.
    for (let round = 1; round <= ROUNDS; round++) {
      const decisions = await Promise.all(
        Array.from({ length: WRITERS }, () => decide(things, create(`same ${round}`))),
      );
      expect(new Set(decisions.map((decision) => JSON.stringify(decision))).size).toBe(1);
      expect(await things.things(0, 100)).toHaveLength(round);
      expect(await wholeOutbox(things)).toHaveLength(round);
    }
  });

  test('one command id at once with two requests: one wins, the other is refused, always', async () => {
    const { things } = await openThings('original');
    const { id } = ((await decide(things, create('c'))) as Decision).state!;
    const requests = [create('k'), update('k', id, 0)];
    const decisions = (await Promise.all(
      Array.from({ length: WRITERS }, (_, index) => decide(things, requests[index % 2]!)),
    )) as Decision[];
    const codes = [0, 1].map(
      (kind) => new Set(decisions.filter((_, index) => index % 2 === kind).map(({ answer }) => answer.code)),
    );
    expect(codes.map((all) => [...all]).toSorted()).toEqual([['accepted'], ['reused']]);
  });
});

test('P14: a fencing epoch older than the last change of master decides nothing, a newer one does', async () => {
  const { things, pool } = await openThings('original');
  await pool.query('update mastership set epoch = 5, since = 4');
  const command = create('c');
  const partition = partitionOfCommand(command, CONTRACT_PARTITIONS);
  const withFencingEpoch = (fencingEpoch: number | null) =>
    things.decide({ partition, command, fencingEpoch, now: NOW });
  expect(await withFencingEpoch(3)).toBe('not-master');
  expect(await withFencingEpoch(4)).toMatchObject({ answer: { code: 'accepted' } });
  // The stored answer needs no master and no fencing epoch (P6); the version carries the epoch of the row.
  expect(await withFencingEpoch(0)).toMatchObject({ answer: { code: 'accepted' } });
  expect(await wholeOutbox(things)).toMatchObject([{ entry: { epoch: 5 } }]);
});

describe('the outbox under concurrent and rolled-back transactions', () => {
  test('a row is not read while an older transaction runs, so none is overtaken; rolled-back ones never come', async () => {
    const { things, pool } = await openThings('original');
    const slow = await pool.connect();
    await slow.query('begin');
    await slow.query(
      `select * from decide_command(1, null, 'slow', 'h', 'create', null, null, 'a', 1, null, null, now(), now(), 1)`,
    );
    await decide(things, create('fast'));
    expect(await things.readOutbox(100)).toEqual([]);
    await slow.query('commit');
    slow.release();
    expect((await wholeOutbox(things)).map(({ entry }) => entry.answer?.commandId)).toEqual(['slow', 'fast']);

    const undone = await pool.connect();
    await undone.query('begin');
    await undone.query(
      `select * from decide_command(1, null, 'undone', 'h', 'create', null, null, 'a', 1, null, null, now(), now(), 1)`,
    );
    await undone.query('rollback');
    undone.release();
    expect(await wholeOutbox(things)).toHaveLength(2);
  });

  test('read and removed while 32 writers write: every write comes once, each Thing in the order of its versions', async () => {
    const { things } = await openThings('original');
    const WRITERS = 32;
    const WRITES = 12;
    let writing = true;
    const seen: { id: number; version: number; xid: bigint }[] = [];
    const relay = (async () => {
      for (;;) {
        const last = !writing;
        const entries = await things.readOutbox(7);
        for (const { entry, xid } of entries)
          seen.push({ id: entry.state!.id, version: entry.state!.version, xid: BigInt(xid) });
        await things.removeFromOutbox(entries);
        if (last && (await things.outboxSize(1)) === 0) return;
      }
    })();
    await Promise.all(
      Array.from({ length: WRITERS }, async (_, writer) => {
        const { id } = ((await decide(things, create(`c${writer}`))) as Decision).state!;
        for (let version = 0; version < WRITES; version++)
          await decide(things, update(`${writer}/${version}`, id, version));
      }),
    );
    writing = false;
    await relay;
    expect(seen).toHaveLength(WRITERS * (WRITES + 1));
    expect(seen.map(({ xid }) => xid)).toEqual(
      seen.map(({ xid }) => xid).toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)),
    );
    const byThing = Map.groupBy(seen, ({ id }) => id);
    for (const versions of byThing.values()) {
      expect(versions.map(({ version }) => version)).toEqual(
        Array.from({ length: WRITES + 1 }, (_, index) => index),
      );
    }
  });
});

describe('the fence under concurrent writers', () => {
  test('P7: it waits for writes under way, and lies behind all of them, even one with an older transaction', async () => {
    const { things, pool } = await openThings('original');
    const command = create('slow');
    const partition = partitionOfCommand(command, CONTRACT_PARTITIONS);
    const slow = await pool.connect();
    await slow.query('begin');
    await slow.query(
      `select * from decide_command(${partition}, null, 'slow', 'h', 'create', null, null, 'a', 1, null, null, now(), now(), 1)`,
    );
    const fencing = things.fence(partition, 1);
    const lockWaits = `select count(*)::int as waits from pg_locks
      where locktype = 'advisory' and not granted and classid::bigint = (lock_space()::bigint & 4294967295)`;
    await eventually(async () => expect((await pool.query(lockWaits)).rows).toEqual([{ waits: 1 }]));
    await slow.query('commit');
    slow.release();
    await fencing;
    const entries = (await wholeOutbox(things)).map(({ entry }) => entry);
    expect(entries).toMatchObject([{ answer: { commandId: 'slow' } }, { fence: { epoch: 1 } }]);
  });

  test('32 writers, fenced in the middle: what was acknowledged is before the fence, the rest is not written', async () => {
    const { things } = await openThings('original');
    const { id } = ((await decide(things, create('c'))) as Decision).state!;
    const partition = id % CONTRACT_PARTITIONS;
    let written = 0;
    let fenced = false;
    const writer = async (): Promise<void> => {
      while (!fenced) {
        const decision = await decide(things, create(`w${Math.random()}`));
        if (decision !== 'not-master' && decision.state!.id % CONTRACT_PARTITIONS === partition) written++;
      }
    };
    const writers = Array.from({ length: 32 }, writer);
    await eventually(async () => expect(written).toBeGreaterThan(20));
    const row = await things.fence(partition, 1);
    expect(row).toMatchObject({ master: 'shiny', epoch: 1 });
    fenced = true;
    await Promise.all(writers);
    const entries = (await wholeOutbox(things, 10_000)).filter((entry) => entry.partition === partition);
    expect(entries.at(-1)?.entry.fence).toMatchObject({ epoch: 1 });
    expect(entries).toHaveLength(written + 2);
    const highest = Math.max(...entries.map(({ entry }) => entry.state?.id ?? 0));
    expect(entries.at(-1)?.entry.fence?.idFloor).toBe(highest);
  });
});
