/** Original's database is put back to an older state under processes that live: it is said, nothing is written, and it can be repaired. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { afterEach, expect, inject, test } from 'vitest';
import { openTestDatabase } from './fresh-database.ts';
import { call, eventually, type Answer } from './http-client.ts';
import { startPlayground, type Playground } from './playground.ts';

const COMMAND = fileURLToPath(new URL('../playground', import.meta.url));
const TABLES = ['things', 'answers', 'outbox', 'outbox_removed', 'mastership', 'mirror'] as const;

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

/** As a backup that is restored: all tables of Original, in one transaction. */
const backUp = async (pool: pg.Pool): Promise<() => Promise<void>> => {
  for (const table of TABLES) await pool.query(`create table backup_${table} as table ${table}`);
  return async () => {
    await pool.query(
      ['begin', ...TABLES.flatMap((table) => [`delete from ${table}`, insertFrom(table)]), 'commit'].join(
        ';',
      ),
    );
  };
};
const insertFrom = (table: string): string => `insert into ${table} select * from backup_${table}`;

const write = (on: Playground, api: 'original' | 'shiny', path: string, body: object): Promise<Answer> =>
  call('POST', `${on[api]}/api/things/${path}`, { body });
const listOf = async (on: Playground, api: 'original' | 'shiny'): Promise<unknown[]> => {
  const answer = await call('GET', `${on[api]}/api/things/`, { headers: { 'cache-control': 'no-cache' } });
  expect(answer.status, answer.text).toBe(200);
  return (answer.json as { id: string; name: string; version: string }[]).map(({ id, name, version }) => [
    Number(id),
    name,
    Number(version),
  ]);
};
const repair = (on: Playground, ...args: string[]): Promise<{ status: number | null; out: string }> =>
  new Promise((resolve) => {
    const child = execFile(COMMAND, ['master', 'repair', ...args], { env: on.env }, (_error, out, err) =>
      resolve({ status: child.exitCode, out: out + err }),
    );
  });

test('a database that is put back serves no write, says so by partition, and is repaired from the log', async () => {
  const on = await startPlayground({
    master: 'original',
    stack: inject('stack'),
    env: { RESPONSE_WAIT_MS: '2000' },
  });
  cleanUps.push(() => on.stop());
  const pool = await openTestDatabase(on.namespace);
  cleanUps.push(() => pool.end());
  const { id } = (await write(on, 'original', '', { name: 'first', foo: 1 })).json as { id: number };
  const partition = id % 12;
  await listOf(on, 'shiny');
  const restore = await backUp(pool);
  expect((await write(on, 'original', String(id), { name: 'second', foo: 2, version: 0 })).status).toBe(200);
  expect((await write(on, 'shiny', String(id), { name: 'third', foo: 3, version: '1' })).status).toBe(200);
  await listOf(on, 'shiny');

  await restore();
  await eventually(async () => {
    const answer = await write(on, 'original', String(id), { name: 'forked', foo: 9, version: 0 });
    expect(answer.status, answer.text).toBe(503);
    expect(answer.json['error-message']).toMatch(/nothing was written: .*set back.*master repair/);
  });
  // The others go on.
  const elsewhere = await eventually(async () => {
    const made = await write(on, 'original', '', { name: 'elsewhere', foo: 1 });
    expect(made.status, made.text).toBe(200);
    return made.json as { id: number };
  });
  expect(elsewhere.id % 12).not.toBe(partition);
  await write(on, 'shiny', String(id), { name: 'waits', foo: 4, version: '2' });
  await eventually(async () => {
    const { partitions } = (await call('GET', `${on.updater}/api/mastership`)).json as {
      partitions: { partition: number; state: string; reason?: string }[];
    };
    expect(partitions[partition]).toMatchObject({ state: 'diverged' });
    expect(partitions[partition]!.reason).toMatch(/set back/);
  });
  expect(await repair(on, '--partitions', String(partition), '--yes')).toMatchObject({
    status: 1,
    out: expect.stringMatching(/Original are open: stop it first/) as string,
  });

  await on.end();
  const dry = await repair(on, '--partitions', String(partition), '--dry-run');
  expect(dry.out).toMatch(/1 Things are written from the log/);
  expect(dry.status).toBe(1);
  const done = await repair(on, '--partitions', String(partition), '--yes');
  expect(done, done.out).toMatchObject({ status: 0 });
  await on.start();
  await eventually(async () => expect(await listOf(on, 'shiny')).toEqual(await listOf(on, 'original')));
  const again = await write(on, 'original', String(id), { name: 'after it', foo: 5, version: 3 });
  expect(again.status, again.text).toBe(200);
  await eventually(async () => expect(await listOf(on, 'shiny')).toEqual(await listOf(on, 'original')));
});
