import { describe, expect, test } from 'vitest';
import { genesis } from '../../test/outcome-log.ts';
import { createRecordCodec } from './record-codec.ts';
import { memorySchemaRegistry } from './schema-registry.ts';
import type { PlaygroundRecord } from './record-codec.ts';
import { StartError } from '../process/lifecycle.ts';
import { createMemoryLog } from '../log/memory-log.ts';
import { createNamespace, readGenesis } from './namespace.ts';

const NEW = { namespace: 'n', partitions: 4, master: 'shiny', id: 'g', now: 0 } as const;
const mark: PlaygroundRecord = { type: 'mark', commandId: 'm', requestedOn: 0, payloadHash: '', label: '' };

const world = async () => {
  const log = createMemoryLog();
  const codec = await createRecordCodec(memorySchemaRegistry(), 'n');
  const append = (topic: string, partition: number, record: PlaygroundRecord) =>
    log.append(topic, { partition, key: '', value: codec.encode(record), timestamp: 0 });
  return {
    log,
    codec,
    append,
    read: () => readGenesis(log, codec, 'n'),
    create: () => createNamespace(log, codec, NEW),
  };
};
const created = async () => {
  const it = await world();
  await it.create();
  return it;
};

test('a genesis lies in each partition, and is what is read; creating once more changes nothing', async () => {
  const { log, read, create } = await created();
  expect(await read()).toEqual({ ...genesis('shiny'), partitions: 4 });
  expect(await create()).toEqual(await read());
  expect(await log.endOffsets('n.things.outcomes')).toEqual([1, 1, 1, 1]);
});

test('what does not exist yet is an error that passes, not a refusal', async () => {
  const { log, read, codec } = await world();
  await expect(read()).rejects.toThrow(/does not exist; `make run NAMESPACE=n` creates it/);
  await log.createTopics([{ topic: 'n.things.outcomes', partitions: 4, settings: {} }]);
  const value = codec.encode({ ...genesis('shiny'), partitions: 4 });
  await log.append('n.things.outcomes', { partition: 0, key: '', value, timestamp: 0 });
  await expect(read()).rejects.toThrow('the topic n.things.original does not exist');
  await expect(read()).rejects.not.toThrow(StartError);
});

describe('refused by name of topic, partition and offset', () => {
  test.each(['things.original', 'things.commands', 'things.outcomes'])(
    'a head of %s that is gone',
    async (suffix) => {
      const { log, append, read, create } = await created();
      for (let count = 0; count < 3; count++) await append(`n.${suffix}`, 2, mark);
      log.deleteRecords(`n.${suffix}`, 2, 2);
      for (const start of [read, create]) {
        await expect(start()).rejects.toThrow(StartError);
        await expect(start()).rejects.toThrow(`n.${suffix}/2 begins at offset 2, not 0`);
      }
    },
  );
  test('but not of the compacted topic for others', async () => {
    const { log, append, read } = await created();
    await append('n.things', 1, mark);
    log.deleteRecords('n.things', 1, 1);
    await expect(read()).resolves.toMatchObject({ id: 'g' });
  });
  test('a partition that begins with something else, or with the genesis of another log', async () => {
    for (const [first, sentence] of [
      [mark, /n\.things\.outcomes\/3 begins with a record of type mark/],
      [
        { ...genesis('shiny'), id: 'other' },
        /n\.things\.outcomes\/3 begins with the genesis other, and n\.things\.outcomes\/0 with g/,
      ],
      [{ ...genesis('shiny'), format: 1 }, /format 1/],
    ] as const) {
      const { log, append, read, create } = await world();
      await log.createTopics(
        ['original', 'commands', 'outcomes'].map((name) => ({
          topic: `n.things.${name}`,
          partitions: 4,
          settings: {},
        })),
      );
      for (const partition of [0, 1, 2]) await append('n.things.outcomes', partition, genesis('shiny'));
      await append('n.things.outcomes', 3, first);
      for (const start of [read, create]) {
        await expect(start()).rejects.toThrow(StartError);
        await expect(start()).rejects.toThrow(sentence);
      }
    }
  });
  test('a whole partition or topic of outcomes that is gone: it is not begun anew behind what was written', async () => {
    for (const [used, sentence] of [
      ['n.things.commands', 'n.things.outcomes/0 is empty, and n.things.commands/1 is not'],
      ['n.things.original', 'n.things.outcomes/0 is empty, and n.things.original/1 is not'],
    ] as const) {
      const { log, append, create } = await created();
      await append(used, 1, mark);
      log.deleteTopic('n.things.outcomes');
      await expect(create()).rejects.toThrow(StartError);
      await expect(create()).rejects.toThrow(sentence);
      expect(await log.endOffsets('n.things.outcomes')).toEqual([0, 0, 0, 0]);
    }
  });
  test('another number of partitions than the genesis says', async () => {
    const { log, append, read } = await world();
    await log.createTopics(
      ['original', 'commands', 'outcomes'].map((name) => ({
        topic: `n.things.${name}`,
        partitions: 4,
        settings: {},
      })),
    );
    for (const partition of [0, 1, 2, 3])
      await append('n.things.outcomes', partition, { ...genesis('shiny'), partitions: 3 });
    await expect(read()).rejects.toThrow('n.things.outcomes has 4 partitions, and its genesis says 3');
  });
});
