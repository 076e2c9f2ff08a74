import { expect, test } from 'vitest';
import { fooInOriginal, sameContent, sameFields } from './content.ts';
import { createPartition, keyHash } from './create-partition.ts';

test('foo in Original is the nearest integer, ties away from zero, clamped', () => {
  const pairs: [number, number][] = [
    [4.4, 4],
    [4.5, 5],
    [-4.5, -5],
    [-4.4, -4],
    [0.49999999999999994, 0],
    [3e9, 2147483647],
    [-3e9, -2147483648],
    [2147483647.4, 2147483647],
    [7, 7],
  ];
  for (const [foo, stored] of pairs) expect(fooInOriginal(foo), String(foo)).toBe(stored);
});

test('what went through Original is the same, what came back is not', () => {
  expect(sameFields({ name: 'a', foo: 4.4 }, { name: 'a', foo: 4 })).toBe(true);
  expect(sameFields({ name: 'a', foo: 4.4 }, { name: 'a', foo: 4.4 })).toBe(true);
  expect(sameFields({ name: 'a', foo: 4 }, { name: 'a', foo: 4.4 })).toBe(false);
  expect(sameFields({ name: 'a', foo: 4.4 }, { name: 'a', foo: 4.3 })).toBe(false);
  expect(sameFields({ name: 'a', foo: 4 }, { name: 'b', foo: 4 })).toBe(false);
  const content = { name: 'a', foo: 1, createdOn: 1, updatedOn: 2 };
  expect(sameContent(content, { ...content, updatedOn: 3 })).toBe(false);
  expect(sameContent(content, { ...content, createdOn: 3 })).toBe(false);
});

// From org.apache.kafka.common.utils.UtilsTest.
test('the hash is that of Kafka', () => {
  expect(keyHash(Buffer.from('21'))).toBe(-973932308);
  expect(keyHash(Buffer.from('foobar'))).toBe(-790332482);
  expect(keyHash(Buffer.from('a-little-bit-long-string'))).toBe(-985981536);
  expect(keyHash(Buffer.from('abc'))).toBe(479470107);
  expect(createPartition('abc', 12)).toBe(479470107 % 12);
});
