import { expect, test } from 'vitest';
import { createRecordCodec } from '../records/record-codec.ts';
import { memorySchemaRegistry } from '../records/schema-registry.ts';
import { AppendRefusedError, AppendUnknownError, type EventLog } from '../log/event-log.ts';
import { createMemoryLog } from '../log/memory-log.ts';
import { readFirst } from '../log/read-first.ts';
import { restoreCommands } from './restore-commands.ts';

const TOPIC = 'n.things.commands';
const request = (position: number) => {
  let id = 0;
  return { namespace: 'n', partition: 1, position, now: 5, newId: () => `restored-${id++}` };
};
const world = async () => {
  const log = createMemoryLog();
  const codec = await createRecordCodec(memorySchemaRegistry(), 'n');
  await log.createTopics([{ topic: TOPIC, partitions: 2, settings: {} }]);
  return { log, codec };
};

test('marks are put up to the position, in that partition alone, more of them than go at once', async () => {
  const { log, codec } = await world();
  expect(await restoreCommands(log, codec, request(1_200))).toBe(1_201);
  expect(await log.endOffsets(TOPIC)).toEqual([0, 1_201]);
  const [first] = await codec.decode([(await readFirst(log, TOPIC, 1)).value]);
  expect(first).toMatchObject({ type: 'mark', commandId: 'restored-0', requestedOn: 5 });
  expect(await restoreCommands(log, codec, request(1_200))).toBe(0);
});

test('what may or may not be in the log is looked at, and no more marks are put than are missing', async () => {
  const { log, codec } = await world();
  let appends = 0;
  const unsure: EventLog = {
    ...log,
    append: async (...args) => {
      const offset = await log.append(...args);
      if (++appends % 2 === 0) throw new AppendUnknownError('was it taken?');
      return offset;
    },
  };
  expect(await restoreCommands(unsure, codec, request(9))).toBe(10);
  expect(await log.endOffsets(TOPIC)).toEqual([0, 10]);
});

test('a log that does not take them is an error, at once or after some tries', async () => {
  const { log, codec } = await world();
  for (const [error, tries] of [
    [new AppendRefusedError('X', 'no'), 1],
    [new AppendUnknownError('hm'), 5],
  ] as const) {
    let appends = 0;
    const refusing: EventLog = { ...log, append: () => (appends++, Promise.reject(error)) };
    await expect(restoreCommands(refusing, codec, request(0))).rejects.toBe(error);
    expect(appends).toBe(tries);
  }
});
