import type { RecordsBatch } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import { recordsOf } from './records.ts';

const batch = (
  firstOffset: number,
  lastOffsetDelta: number,
  records: readonly [offsetDelta: number, value: string | null][],
  attributes = 0,
): RecordsBatch => ({
  firstOffset: BigInt(firstOffset),
  lastOffsetDelta,
  attributes,
  firstTimestamp: 1_000n,
  maxTimestamp: 9_000n,
  length: 0,
  partitionLeaderEpoch: 0,
  magic: 2,
  crc: 0,
  producerId: -1n,
  producerEpoch: 0,
  firstSequence: 0,
  records: records.map(([offsetDelta, value]) => ({
    offsetDelta,
    timestampDelta: BigInt(offsetDelta),
    key: Buffer.from('k'),
    value: value === null ? null : Buffer.from(value),
    length: 0,
    attributes: 0,
    headers: [],
  })),
});
const read = (next: number, ...batches: RecordsBatch[]): { found: string[]; end: number } => {
  const { records, end } = recordsOf(3, next, batches);
  return { found: records.map(({ offset, value }) => `${offset} ${value.toString()}`), end };
};

test('records have their place, key and time', () => {
  expect(recordsOf(3, 0, [batch(5, 1, [[1, 'a']])]).records).toEqual([
    { partition: 3, offset: 6, key: 'k', value: Buffer.from('a'), timestamp: 1_001 },
  ]);
});

test('a time that the broker gave counts for the whole batch', () => {
  expect(recordsOf(3, 0, [batch(5, 0, [[0, 'a']], 0x08)]).records[0]?.timestamp).toBe(9_000);
});

test('what lies before the place is left out', () => {
  const again = batch(5, 2, [
    [0, 'a'],
    [1, 'b'],
    [2, 'c'],
  ]);
  expect(read(7, again)).toEqual({ found: ['7 c'], end: 8 });
  expect(read(8, again)).toEqual({ found: [], end: 8 });
  expect(read(100, again)).toEqual({ found: [], end: 100 });
});

test('nothing fetched moves nothing', () => {
  expect(read(7)).toEqual({ found: [], end: 7 });
});

test('a tombstone is a record without a value, and says so', () => {
  expect(recordsOf(3, 0, [batch(0, 0, [[0, null]])])).toEqual({
    records: [
      { partition: 3, offset: 0, key: 'k', value: Buffer.alloc(0), timestamp: 1_000, isTombstone: true },
    ],
    end: 1,
  });
});

test('gaps, emptied batches and control batches move the place and give no record', () => {
  expect(read(0, batch(4, 5, [[2, 'a']]))).toEqual({ found: ['6 a'], end: 10 });
  expect(read(0, batch(0, 9, []))).toEqual({ found: [], end: 10 });
  expect(read(0, batch(0, 0, [[0, 'commit']], 0x30), batch(1, 0, [[0, 'b']]))).toEqual({
    found: ['1 b'],
    end: 2,
  });
});
