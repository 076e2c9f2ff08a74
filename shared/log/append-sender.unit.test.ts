import { expect, test } from 'vitest';
import { silentLogger } from '../process/logger.ts';
import { answeredWith, createAppendSender, type Produced } from './append-sender.ts';
import {
  AppendNotStoredError,
  AppendRefusedError,
  AppendUnknownError,
  type AppendRecord,
} from './event-log.ts';

const MESSAGE_TOO_LARGE = 10;
const NOT_LEADER = 6;
const REQUEST_TIMED_OUT = 7;
const UNAUTHORIZED = 29;

const record = (value: string, partition = 0): AppendRecord => ({
  partition,
  key: '',
  value: Buffer.from(value),
  timestamp: 0,
});

/** A broker that answers each batch of a partition with the code that `codeOf` gives for it, and stores it when there is none. */
const broker = (codeOf: (values: readonly string[], request: number) => number | undefined) => {
  const requests: string[][] = [];
  const stored: string[] = [];
  const send = createAppendSender(
    't',
    async (topic, records) => {
      requests.push(records.map(({ value }) => value.toString()));
      const code = new Map<number, number | undefined>();
      for (const [partition, own] of Map.groupBy(records, (one) => one.partition)) {
        const values = own.map(({ value }) => value.toString());
        code.set(partition, codeOf(values, requests.length));
      }
      return records.map(({ partition, value }): Produced => {
        const errorCode = code.get(partition);
        if (errorCode !== undefined) return answeredWith(errorCode, topic, partition);
        return { fate: 'stored', offset: stored.push(value.toString()) - 1 };
      });
    },
    silentLogger(),
    200,
  );
  return { requests, stored, send };
};
const kindOf = (result: number | Error): unknown => (typeof result === 'number' ? 'stored' : result.name);

test('a batch that is too large is sent in halves, in order', async () => {
  const { send, requests, stored } = broker((values) => (values.length > 2 ? MESSAGE_TOO_LARGE : undefined));
  const values = ['a', 'b', 'c', 'd', 'e'];
  const results = await send(values.map((value) => record(value)));
  expect(results).toEqual([0, 1, 2, 3, 4]);
  expect(stored).toEqual(values);
  expect(requests).toEqual([values, ['a', 'b', 'c'], ['a', 'b'], ['c'], ['d', 'e']]);
});

test('the record that is too large is found and refused; what is before it is stored, what is behind it never sent', async () => {
  const { send, stored } = broker((values) => (values.includes('X') ? MESSAGE_TOO_LARGE : undefined));
  const results = await send(['a', 'b', 'X', 'c', 'd'].map((value) => record(value)));
  expect(results.map(kindOf)).toEqual([
    'stored',
    'stored',
    'AppendRefusedError',
    'AppendNotStoredError',
    'AppendNotStoredError',
  ]);
  expect(results[2]).toMatchObject({ broker: 'MESSAGE_TOO_LARGE', isTooLarge: true });
  expect(stored).toEqual(['a', 'b']);
});

test('other partitions are not touched by a refusal', async () => {
  const { send, stored } = broker((values) => (values.includes('X') ? MESSAGE_TOO_LARGE : undefined));
  const results = await send([record('X', 0), record('a', 1), record('b', 1)]);
  expect(results[0]).toBeInstanceOf(AppendRefusedError);
  expect(results.slice(1)).toEqual([0, 1]);
  expect(stored).toEqual(['a', 'b']);
});

test('what no single record is to blame for is refused at once, whole', async () => {
  const { send, requests } = broker(() => UNAUTHORIZED);
  const results = await send([record('a'), record('b')]);
  expect(results.map(kindOf)).toEqual(['AppendRefusedError', 'AppendRefusedError']);
  expect(requests).toHaveLength(1);
});

test('what was not stored and may be later is sent again, for a while', async () => {
  const passing = broker((_, request) => (request < 3 ? NOT_LEADER : undefined));
  expect(await passing.send([record('a')])).toEqual([0]);
  const lasting = broker(() => NOT_LEADER);
  const [result] = await lasting.send([record('a')]);
  expect(result).toBeInstanceOf(AppendNotStoredError);
  expect(lasting.requests.length).toBeGreaterThan(1);
});

test('what may be stored is not sent again', async () => {
  const { send, requests } = broker(() => REQUEST_TIMED_OUT);
  const [result] = await send([record('a')]);
  expect(result).toBeInstanceOf(AppendUnknownError);
  expect(requests).toHaveLength(1);
});
