/** Rows that a newer release has written, with a field that this one does not know: what is read by half is lost where it goes. */
import { afterEach, expect, test } from 'vitest';
import { create, NOW, remove } from '../../test/outcome-log.ts';
import { freshDatabase, openTestDatabase } from '../../test/fresh-database.ts';
import { createRecordCodec } from '../../shared/records/record-codec.ts';
import { memorySchemaRegistry } from '../../shared/records/schema-registry.ts';
import type { Decision } from '../../shared/domain/answer.ts';
import { partitionOfCommand, type ThingCommand } from '../../shared/domain/command.ts';
import { createMemoryLog } from '../../shared/log/memory-log.ts';
import { topicName } from '../../shared/records/topics.ts';
import { silentLogger } from '../../shared/process/logger.ts';
import { noMetrics } from '../../shared/process/metrics.ts';
import { systemTime } from '../../shared/process/time.ts';
import { UnknownFeatureError } from '../../shared/records/feature-check.ts';
import { CONTRACT_PARTITIONS } from './thing-store.contract.ts';
import { startOutboxRelay } from '../outbox-relay.ts';
import { postgresThingStore } from './postgres-thing-store.ts';

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanUp.splice(0).toReversed()) await clean();
});
const open = async () => {
  const { namespace, drop } = await freshDatabase('original', CONTRACT_PARTITIONS);
  cleanUp.push(drop);
  const pool = await openTestDatabase(namespace);
  cleanUp.push(() => pool.end());
  const things = postgresThingStore(pool);
  const decide = (command: ThingCommand) =>
    things.decide({
      partition: partitionOfCommand(command, CONTRACT_PARTITIONS),
      command,
      fencingEpoch: null,
      now: NOW,
    });
  return { namespace, pool, things, decide };
};

test('are not shown, also not as an answer', async () => {
  const { pool, things, decide } = await open();
  const { id } = ((await decide(create('c'))) as Decision).state!;
  await pool.query(`update things set added = '{"colour": "red"}'`);
  const reads = [() => things.thing(id), () => things.things(0, 10), () => decide(remove('r', id, 0))];
  for (const read of reads) await expect(read()).rejects.toThrow(UnknownFeatureError);
});

test.each([
  ['the state', `update answers set added = '{"colour": "red"}'`],
  ['the request', `update outbox set asked_added = '{"colour": "red"}'`],
])('are not published, and end the relay: %s', async (_, change) => {
  const { namespace, pool, things, decide } = await open();
  await decide(create('c'));
  await pool.query(change);
  const log = createMemoryLog();
  const topic = topicName(namespace, 'things.original');
  await log.createTopics([{ topic, partitions: CONTRACT_PARTITIONS, settings: {} }]);
  const codec = await createRecordCodec(memorySchemaRegistry(), namespace);
  const parts = { namespace, things, log, codec, logger: silentLogger(), time: systemTime };
  const relay = startOutboxRelay({ ...parts, metrics: noMetrics() });
  await expect(relay.failed).rejects.toThrow(
    /feature colour is enabled at a row of Original's database, this release does not know it: update it/,
  );
  await relay.stop();
  expect(await log.endOffsets(topic)).toEqual(Array.from({ length: CONTRACT_PARTITIONS }, () => 0));
  const { rows } = await pool.query('select from outbox');
  expect(rows).toHaveLength(1);
});
