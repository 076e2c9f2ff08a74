/**
 * Original's database is put back to a backup, and the output topic is lost, while nobody writes. The log has everything, so nothing
 * that was acknowledged is lost: the partitions say what happened, and `playground master repair` rebuilds them.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { kafkaOperator } from '../../shared/log/kafkajs/operator.ts';
import { TOPIC_SETTINGS, topicName } from '../../shared/records/topics.ts';
import type { ChaosWorld } from './chaos-world.ts';

/** What Original writes after its first start. */
const TABLES = ['things', 'answers', 'outbox', 'outbox_removed', 'mastership', 'mirror'];
const COMMAND = fileURLToPath(new URL('../../playground', import.meta.url));
const REPAIR_MAX_MS = 300_000;
const QUIET_MAX_MS = 120_000;
const SAID_MAX_MS = 15_000;
const POLL_MS = 1_500;
const REQUEST_MAX_MS = 30_000;

/** Replaces the backup before it. Of one moment: in one transaction. */
export const backUp = (world: ChaosWorld): Promise<void> =>
  inDatabase(world, [
    'begin isolation level repeatable read',
    ...TABLES.flatMap((table) => [
      `drop table if exists backup_${table}`,
      `create table backup_${table} as table ${table}`,
    ]),
    'commit',
  ]);

/** Puts the backup back, and repairs. Returns how many partitions said that the database contradicts the log. */
export const setBackAndRepair = async (
  world: ChaosWorld,
  report: (line: string) => void,
): Promise<number> => {
  await everythingIsInTheLog(world);
  await restore(world);
  const said = await countDiverged(world);
  report(`the database is put back: ${said} partitions say so; repairing all`);
  await world.whileStopped(async () => {
    await replaceOutputTopic(world);
    await promisify(execFile)(
      COMMAND,
      ['master', 'repair', '--partitions', `0-${world.settings.PARTITIONS - 1}`, '--yes'],
      { env: { ...process.env, ...world.env }, timeout: REPAIR_MAX_MS },
    );
  });
  return said;
};

/** A list that shows all that was acknowledged: the outbox is published, and the feed is in the outcomes. */
const everythingIsInTheLog = async ({ direct }: ChaosWorld): Promise<void> => {
  const isThere = async (): Promise<boolean> => {
    const answer = await fetch(`${direct.shinyUrl}/api/things/?limit=1`, {
      headers: { 'cache-control': 'no-cache' },
      signal: AbortSignal.timeout(REQUEST_MAX_MS),
    });
    return answer.ok;
  };
  if (!(await withinLimit(isThere, QUIET_MAX_MS)))
    throw new Error('not everything that was acknowledged came into the log');
};

const restore = (world: ChaosWorld): Promise<void> =>
  inDatabase(world, [
    'begin',
    ...TABLES.flatMap((table) => [
      `delete from ${table}`,
      `insert into ${table} select * from backup_${table}`,
    ]),
    'commit',
  ]);

/** Its records are gone, and its id is another one. */
const replaceOutputTopic = async ({ settings }: ChaosWorld): Promise<void> => {
  const topic = topicName(settings.NAMESPACE, 'things');
  const operator = await kafkaOperator(settings.KAFKA_BROKERS.split(','));
  try {
    await operator.deleteTopic(topic);
    // The broker still deletes it when it has said so.
    const isCreated = await withinLimit(async () => {
      await operator.createTopic(topic, settings.PARTITIONS, TOPIC_SETTINGS.things);
      return true;
    }, QUIET_MAX_MS);
    if (!isCreated) throw new Error(`${topic} could not be created again`);
  } finally {
    await operator.close();
  }
};

/** Original looks every second, and the updater learns it with the next command or entry. */
const countDiverged = async ({ direct }: ChaosWorld): Promise<number> => {
  let count = 0;
  await withinLimit(async () => {
    const answer = await fetch(`${direct.originalUrl}/health/ready`, {
      signal: AbortSignal.timeout(REQUEST_MAX_MS),
    });
    const { troubled = [] } = (await answer.json()) as { troubled?: readonly { state: string }[] };
    const found = troubled.filter(({ state }) => state === 'diverged').length;
    const isStable = found > 0 && found === count;
    count = found;
    return isStable;
  }, SAID_MAX_MS);
  return count;
};

const withinLimit = async (isSo: () => Promise<boolean>, waitMs: number): Promise<boolean> => {
  const deadline = performance.now() + waitMs;
  while (performance.now() < deadline) {
    if (await isSo().catch(() => false)) return true;
    await sleep(POLL_MS);
  }
  return false;
};

const inDatabase = async (
  { databaseUrl, namespace }: ChaosWorld,
  statements: readonly string[],
): Promise<void> => {
  const client = new pg.Client({ connectionString: databaseUrl, options: `-c search_path=${namespace}` });
  client.on('error', () => undefined);
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
};
