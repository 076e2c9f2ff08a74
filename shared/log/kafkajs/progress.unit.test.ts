import { expect, test } from 'vitest';
import { fetchProgress } from './progress.ts';

const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const int64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
};

/** A batch of Kafka's message format 2, up to what is read of it, and `rest` bytes. */
const batch = (first: number, lastOffsetDelta: number, rest = 40): Buffer => {
  const head = Buffer.concat([int32(0), Buffer.from([2]), int32(0), int16(0), int32(lastOffsetDelta)]);
  return Buffer.concat([int64(first), int32(head.length + rest), head, Buffer.alloc(rest)]);
};
const partition = (index: number, logStart: number, aborted: number, ...batches: Buffer[]): Buffer => {
  const bytes = Buffer.concat(batches);
  return Buffer.concat([
    int32(index),
    int16(0),
    int64(99),
    int64(99),
    int64(logStart),
    int32(aborted),
    Buffer.alloc(16 * Math.max(0, aborted)),
    int32(-1),
    int32(bytes.length),
    bytes,
  ]);
};
const topic = (name: string, ...partitions: Buffer[]): Buffer =>
  Buffer.concat([int16(Buffer.byteLength(name)), Buffer.from(name), int32(partitions.length), ...partitions]);
const response = (...topics: Buffer[]): Buffer =>
  Buffer.concat([int32(0), int16(0), int32(0), int32(topics.length), ...topics]);

test('batches tell where they end, with or without records, and partitions where they begin', () => {
  const found = fetchProgress(
    response(
      topic('a', partition(0, 3, -1, batch(5, 2), batch(8, 9, 0)), partition(7, 0, 2)),
      topic('topic-b', partition(1, 0, 0, batch(0, 0))),
    ),
  );
  expect([...found]).toEqual([
    ['a/0', { next: 18, logStart: 3 }],
    ['a/7', { next: 0, logStart: 0 }],
    ['topic-b/1', { next: 1, logStart: 0 }],
  ]);
});

test('a last batch that is cut off does not count', () => {
  const whole = batch(5, 2);
  for (const cut of [1, 20, 39, 45]) {
    const found = fetchProgress(
      response(topic('a', partition(0, 0, -1, whole, batch(8, 0).subarray(0, cut)))),
    );
    expect(found.get('a/0')?.next).toBe(8);
  }
});
