/** A database and a log: do they belong together, and are the topics still the ones that the database has worked with? */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import {
  acceptedCreate,
  create,
  decidedAfter,
  mustCount,
  observedAfter,
  refusedUpdate,
  stateAfterGenesis,
} from '../../test/outcome-log.ts';
import { eventually } from '../../test/http-client.ts';
import { freshNamespace, openTestDatabase } from '../../test/fresh-database.ts';
import { createRecordCodec, type RecordCodec } from '../../shared/records/record-codec.ts';
import { memorySchemaRegistry } from '../../shared/records/schema-registry.ts';
import { createOutcomeWaiter } from '../../shared/commands/outcome-waiter.ts';
import type { Genesis, Outcome } from '../../shared/domain/outcome.ts';
import { emptyState } from '../../shared/domain/partition-state.ts';
import type { Api } from '../../shared/domain/thing.ts';
import { createMemoryLog, type MemoryLog } from '../../shared/log/memory-log.ts';
import { createNamespace } from '../../shared/records/namespace.ts';
import { topicName, type TopicSuffix } from '../../shared/records/topics.ts';
import { StartError } from '../../shared/process/lifecycle.ts';
import { silentLogger } from '../../shared/process/logger.ts';
import { noMetrics } from '../../shared/process/metrics.ts';
import { systemTime } from '../../shared/process/time.ts';
import { bindDatabase } from './database.ts';
import { bindTopics } from './database-topics.ts';
import { lacksNothing } from '../log-proof.ts';
import { startMirror } from '../mirror.ts';
import { postgresThingStore } from './postgres-thing-store.ts';

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanUp.splice(0).toReversed()) await clean();
});

interface World {
  readonly namespace: string;
  readonly log: MemoryLog;
  readonly codec: RecordCodec;
  readonly genesis: Genesis;
  readonly pool: pg.Pool;
  append(suffix: TopicSuffix, record: Outcome | ReturnType<typeof create>): Promise<void>;
  /** As at a start. */
  bind(): Promise<void>;
}

const PARTITIONS = 4;
const open = async (master: Api): Promise<World> => {
  const namespace = freshNamespace();
  const log = createMemoryLog();
  const codec = await createRecordCodec(memorySchemaRegistry(), namespace);
  const settings = { namespace, partitions: PARTITIONS, master, id: randomUUID(), now: 0 };
  const genesis = await createNamespace(log, codec, settings);
  const pool = await openTestDatabase(namespace);
  cleanUp.push(async () => {
    await pool.query(`drop schema "${namespace}" cascade`);
    await pool.end();
  });
  return {
    namespace,
    log,
    codec,
    genesis,
    pool,
    append: async (suffix, record) => {
      const to = { partition: 1, key: 'k', value: codec.encode(record), timestamp: 0 };
      await log.append(topicName(namespace, suffix), to);
    },
    bind: async () => {
      await bindDatabase(pool, genesis, () => lacksNothing(log, codec, namespace, genesis));
      await bindTopics(pool, log, namespace);
    },
  };
};

describe('a fresh database and a log that has records', () => {
  test('commands that nobody has decided belong to nobody: Original starts', async () => {
    const world = await open('original');
    await world.append('things.commands', create('before the first start'));
    await world.bind();
    await world.bind();
  });
  test('what Shiny has decided since the beginning is read by the mirror', async () => {
    const { namespace, log, codec, genesis, pool, append, bind } = await open('shiny');
    // Behind the genesis of this log.
    const state = emptyState(1);
    mustCount(state, { outcome: genesis, bytes: codec.chainBytes(codec.encode(genesis)), timestamp: 0 });
    const { outcome } = decidedAfter(state, acceptedCreate('c', 5));
    await append('things.outcomes', outcome);
    await bind();
    const things = postgresThingStore(pool);
    const parts = {
      logger: silentLogger(),
      metrics: noMetrics(),
      time: systemTime,
      waiter: createOutcomeWaiter(),
    };
    const mirror = await startMirror({ ...parts, namespace, genesis, things, log, codec });
    cleanUp.push(() => mirror.stop());
    await eventually(async () => expect(await things.thing(5)).toMatchObject({ id: 5, version: 0 }));
  });
  test.each([
    ['an entry of its feed', 'original', 'things.original', undefined],
    [
      'what it has decided',
      'original',
      'things.outcomes',
      decidedAfter(stateAfterGenesis('original'), refusedUpdate('u', 1)).outcome,
    ],
    [
      'what was observed',
      'shiny',
      'things.outcomes',
      observedAfter(stateAfterGenesis('original'), { decision: acceptedCreate('c', 5) }).outcome,
    ],
    [
      'a switch',
      'shiny',
      'things.outcomes',
      {
        type: 'switched',
        previousOffset: -1,
        previousDigest: '',
        epoch: 1,
        offset: 0,
        commandId: 's',
        master: 'original',
      },
    ],
    [
      'a release',
      'shiny',
      'things.outcomes',
      { type: 'released', previousOffset: -1, previousDigest: '', epoch: 1, commandId: 's' },
    ],
    [
      'a refused switch',
      'shiny',
      'things.outcomes',
      {
        type: 'refused',
        previousOffset: -1,
        previousDigest: '',
        epoch: 1,
        offset: 0,
        commandId: 's',
        reason: 'late',
      },
    ],
  ] as const)(
    '%s shows that Original had a database: it does not start without it',
    async (_, master, suffix, outcome) => {
      const world = await open(master);
      if (outcome === undefined)
        await world.log.append(topicName(world.namespace, suffix), {
          partition: 2,
          key: '',
          value: Buffer.from('x'),
          timestamp: 0,
        });
      else await world.append(suffix, outcome);
      const binding = world.bind();
      await expect(binding).rejects.toThrow(StartError);
      await expect(binding).rejects.toThrow('the database is empty');
    },
  );
});

describe("Kafka's topics under a database that knows them", () => {
  test.each(['things.original', 'things.commands', 'things.outcomes'] as const)(
    '%s, deleted and created again, is a refusal that says what to do',
    async (suffix) => {
      const { namespace, log, pool, bind } = await open('original');
      await bind();
      const topic = topicName(namespace, suffix);
      log.deleteTopic(topic);
      await expect(bindTopics(pool, log, namespace)).rejects.toThrow(`the topic ${topic} is gone`);
      await log.createTopics([{ topic, partitions: PARTITIONS, settings: {} }]);
      const binding = bindTopics(pool, log, namespace);
      await expect(binding).rejects.toThrow(StartError);
      await expect(binding).rejects.toThrow(
        /is not the one that the database has worked with.*make clean.*empty the table/,
      );
      await pool.query('delete from topics');
      await bindTopics(pool, log, namespace);
    },
  );
  test('the output topic may come and go', async () => {
    const { namespace, log, pool, bind } = await open('original');
    await bind();
    log.deleteTopic(topicName(namespace, 'things'));
    await bindTopics(pool, log, namespace);
  });
  test('outcomes that end before the place of the mirror, and a feed with fewer records than were published', async () => {
    const { namespace, log, pool, bind } = await open('original');
    await bind();
    await pool.query('update mirror set next_offset = 1 where partition = 2');
    await bindTopics(pool, log, namespace);
    await pool.query('update mirror set next_offset = 2 where partition = 2');
    await expect(bindTopics(pool, log, namespace)).rejects.toThrow(
      /things\.outcomes\/2 ends at offset 1.*before 2: the topic was cut/,
    );
    await pool.query(
      'update mirror set next_offset = 0; update outbox_removed set number = 1 where partition = 3',
    );
    await expect(bindTopics(pool, log, namespace)).rejects.toThrow(
      /things\.original\/3 ends at offset 0.*published 1 entries: the topic was cut/,
    );
  });
});
