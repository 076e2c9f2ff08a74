import { expect, test, vi } from 'vitest';
import {
  APPEND_BATCH_MAX_BYTES,
  APPEND_BATCH_MAX_RECORDS,
  APPEND_QUEUE_MAX_RECORDS,
  createAppendBatcher,
  type AppendResult,
} from './append-batcher.ts';
import {
  AppendNotStoredError,
  AppendOverflowError,
  AppendRefusedError,
  AppendUnknownError,
  type AppendRecord,
} from './event-log.ts';

const record = (value: string, partition = 0) => ({
  partition,
  key: '',
  value: Buffer.from(value),
  timestamp: 0,
});

/** A broker that answers when it is told to. */
const slowBroker = () => {
  const requests: {
    batch: readonly AppendRecord[];
    answer: () => void;
    fail: () => void;
    refuseFirst: () => void;
  }[] = [];
  let next = 0;
  const batcher = createAppendBatcher((batch) => {
    const { promise, resolve } = Promise.withResolvers<AppendResult[]>();
    requests.push({
      batch,
      answer: () => resolve(batch.map(() => next++)),
      fail: () => resolve(batch.map(() => new AppendUnknownError('no answer'))),
      refuseFirst: () =>
        resolve(batch.map((_, index) => (index === 0 ? new AppendRefusedError('NO', 'no') : next++))),
    });
    return promise;
  });
  return { batcher, requests };
};
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('what comes while a request is in flight goes out together, in order, with the next', async () => {
  const { batcher, requests } = slowBroker();
  const first = batcher.append(record('a'));
  await turn();
  const rest = ['b', 'c', 'd'].map((value) => batcher.append(record(value)));
  await turn();
  expect(requests).toHaveLength(1);
  requests[0]!.answer();
  await turn();
  expect(requests[1]!.batch.map(({ value }) => value.toString())).toEqual(['b', 'c', 'd']);
  requests[1]!.answer();
  expect([await first, ...(await Promise.all(rest))]).toEqual([0, 1, 2, 3]);
});

test('a batch has a limit', async () => {
  const { batcher, requests } = slowBroker();
  const all = Array.from({ length: APPEND_BATCH_MAX_RECORDS + 1 }, () => batcher.append(record('x')));
  await turn();
  requests[0]!.answer();
  await vi.waitUntil(() => requests.length === 2);
  requests[1]!.answer();
  await Promise.all(all);
  expect(requests.map(({ batch }) => batch.length)).toEqual([APPEND_BATCH_MAX_RECORDS, 1]);
});

test('what waits behind a failed append fails with it, and a later one goes through', async () => {
  const { batcher, requests } = slowBroker();
  const first = batcher.append(record('a'));
  await turn();
  const behind = batcher.append(record('b'));
  requests[0]!.fail();
  await expect(first).rejects.toThrow(AppendUnknownError);
  await expect(behind).rejects.toThrow(AppendNotStoredError);
  const later = batcher.append(record('c'));
  await turn();
  requests[1]!.answer();
  expect(await later).toBe(0);
});

test('behind a refused record its own partition fails, certainly not stored, and others go through', async () => {
  const { batcher, requests } = slowBroker();
  const refused = batcher.append(record('a', 0));
  await turn();
  const [behind, other] = [batcher.append(record('b', 0)), batcher.append(record('c', 1))];
  requests[0]!.refuseFirst();
  await expect(refused).rejects.toThrow(AppendRefusedError);
  await expect(behind).rejects.toThrow(AppendNotStoredError);
  await vi.waitFor(() => expect(requests).toHaveLength(2));
  requests[1]!.answer();
  expect(await other).toBe(0);
});

test('a queue that is full stores nothing and says so', async () => {
  const { batcher, requests } = slowBroker();
  const all = Array.from({ length: APPEND_QUEUE_MAX_RECORDS }, () => batcher.append(record('x')));
  await expect(batcher.append(record('y'))).rejects.toThrow(AppendOverflowError);
  await turn();
  requests[0]!.fail();
  await Promise.allSettled(all);
  await batcher.drained();
});

test('a request has no more bytes than a broker takes, and a record that is larger goes alone', async () => {
  const { batcher, requests } = slowBroker();
  const sizes = [400_000, 400_000, 400_000, 2 * APPEND_BATCH_MAX_BYTES, 1, 1];
  const appends = sizes.map((size) => batcher.append(record('x'.repeat(size))));
  for (let sent = 1; sent <= 4; sent++) {
    await vi.waitFor(() => expect(requests).toHaveLength(sent));
    requests.at(-1)!.answer();
  }
  expect(requests.map(({ batch }) => batch.map(({ value }) => value.length))).toEqual([
    [400_000, 400_000],
    [400_000],
    [2 * APPEND_BATCH_MAX_BYTES],
    [1, 1],
  ]);
  expect(await Promise.all(appends)).toEqual([0, 1, 2, 3, 4, 5]);
});
