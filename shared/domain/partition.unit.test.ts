import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { murmur2, nextThingId, partitionOfCreate, partitionOfThing } from './partition.ts';

test('P1: creates go where the default partitioner of Kafka puts their command id', () => {
  const require = createRequire(import.meta.url);
  const theirs = require('kafkajs/src/producer/partitioners/default/murmur2') as (key: Buffer) => number;
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (key) => {
      expect(murmur2(Buffer.from(key))).toBe(theirs(Buffer.from(key)));
    }),
  );
});

test('murmur2 gives the values of the Java client', () => {
  // From the tests of org.apache.kafka.common.utils.Utils.
  expect(murmur2(Buffer.from('21'))).toBe(-973932308);
  expect(murmur2(Buffer.from('foobar'))).toBe(-790332482);
  expect(murmur2(Buffer.from('a-little-bit-long-string'))).toBe(-985981536);
  expect(murmur2(Buffer.from('lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8'))).toBe(-58897971);
});

test('the ids of a partition are p, p + P, p + 2P, …, none is 0, and they stay in it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.nat(), fc.nat(1_000_000), (partitions, p, floor) => {
      const partition = p % partitions;
      const id = nextThingId(partition, partitions, floor);
      expect(id).toBeGreaterThan(Math.max(0, floor));
      expect(id).toBeLessThanOrEqual(Math.max(floor, 0) + 2 * partitions);
      expect(partitionOfThing(id, partitions)).toBe(partition);
    }),
  );
  expect(nextThingId(0, 4, 0)).toBe(4);
  expect(nextThingId(3, 4, 0)).toBe(3);
  expect(nextThingId(3, 4, 3)).toBe(7);
});

test('a partition of a create is one of the partitions', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.integer({ min: 1, max: 50 }), (id, partitions) => {
      const partition = partitionOfCreate(id, partitions);
      expect(partition).toBeGreaterThanOrEqual(0);
      expect(partition).toBeLessThan(partitions);
    }),
  );
});
