import { expect, test } from 'vitest';
import type { EventLog } from './event-log.ts';
import { createMemoryLog } from './memory-log.ts';
import { readToEnds } from './read-to-ends.ts';

const STALL_MS = 50;
const TOPIC = 't';

const filled = async (): Promise<EventLog> => {
  const log = createMemoryLog();
  await log.createTopics([{ topic: TOPIC, partitions: 3, settings: {} }]);
  for (const [partition, count] of [3, 0, 2].entries())
    for (let offset = 0; offset < count; offset++)
      await log.append(TOPIC, {
        partition,
        key: '',
        value: Buffer.from(`${partition}-${offset}`),
        timestamp: 0,
      });
  return log;
};
const read = async (log: EventLog, ends: [number, number][], enoughAt?: string): Promise<string[]> => {
  const found: string[] = [];
  await readToEnds(log, {
    topic: TOPIC,
    ends: new Map(ends),
    stallMs: STALL_MS,
    onRecords: (_partition, records) => {
      found.push(...records.map(({ value }) => value.toString()));
      return enoughAt !== undefined && found.includes(enoughAt) ? 'enough' : undefined;
    },
  });
  return found.toSorted();
};

test('up to the ends, and nothing behind them', async () => {
  const log = await filled();
  expect(
    await read(log, [
      [0, 2],
      [1, 0],
      [2, 2],
    ]),
  ).toEqual(['0-0', '0-1', '2-0', '2-1']);
  expect(await read(log, [[1, 0]])).toEqual([]);
});
test('no further than is enough', async () => {
  expect(
    await read(
      await filled(),
      [
        [0, 3],
        [2, 99],
      ],
      '2-1',
    ),
  ).toContain('2-1');
});
test('an end that does not come is an error that names the partition', async () => {
  await expect(
    read(await filled(), [
      [0, 3],
      [2, 99],
    ]),
  ).rejects.toThrow(/not read: partitions 2$/);
});
test('what the reader throws is what reading throws', async () => {
  const onRecords = () => {
    throw new Error('not that');
  };
  const request = { topic: TOPIC, ends: new Map([[0, 1]]), stallMs: STALL_MS, onRecords };
  await expect(readToEnds(await filled(), request)).rejects.toThrow('not that');
});
