import fc from 'fast-check';
import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { IDEMPOTENCY_KEY_PATTERN, idempotencyKey, parseIdempotencyKey } from './idempotency-key.ts';

const withKeys = (...keys: string[]): IncomingMessage =>
  ({ rawHeaders: keys.flatMap((key) => ['Idempotency-Key', key]) }) as unknown as IncomingMessage;
const quoted = (key: string): string => `"${key.replaceAll(/["\\]/g, '\\$&')}"`;

test.each([
  ['abc', 'abc'],
  ['"abc"', 'abc'],
  ['"a\\"b\\\\c"', 'a"b\\c'],
  ['a"b', 'a"b'],
  ['a\\"b', 'a\\"b'],
  ['...', '...'],
  ['"..."', '...'],
  ['a/b?c#d%41', 'a/b?c#d%41'],
  ['%2e', '%2e'],
  ['x'.repeat(128), 'x'.repeat(128)],
  [quoted('"'.repeat(128)), '"'.repeat(128)],
])('%s stands for %s', (value, key) => {
  expect(idempotencyKey(withKeys(value))).toBe(key);
});

test.each([
  '',
  '.',
  '..',
  '"."',
  '".."',
  '""',
  '"',
  '"a',
  'a b',
  '"a b"',
  '"a"b',
  '"a";p=1',
  '"a", "b"',
  '"a\\n"',
  '"a\\"',
  '\u00e9',
  '"\u00e9"',
  'x'.repeat(129),
  quoted('x'.repeat(129)),
])('%j is no key', (value) => {
  expect(() => idempotencyKey(withKeys(value))).toThrow(/Idempotency-Key must have 1 to 128/);
});

test('none is none, and two are refused even when they are equal', () => {
  expect(idempotencyKey(withKeys())).toBeUndefined();
  expect(() => idempotencyKey(withKeys('a', 'a'))).toThrow(/more than once/);
});

test('the pattern of the document takes exactly what is taken', () => {
  const pattern = new RegExp(IDEMPOTENCY_KEY_PATTERN, 'u');
  const character = fc.constantFrom('"', '\\', '.', 'a', 'Z', '~', '!', '#', '[', ']', ' ', '\t', '\u00e9');
  const text = fc.string({ unit: character, maxLength: 6 });
  fc.assert(
    fc.property(
      fc.oneof(
        text,
        text.map(quoted),
        text.map((inner) => `"${inner}"`),
      ),
      (value) => {
        expect(pattern.test(value)).toBe(parseIdempotencyKey(value) !== undefined);
      },
    ),
    { numRuns: 2_000 },
  );
  for (const length of [127, 128, 129]) {
    for (const value of ['x'.repeat(length), quoted('"'.repeat(length))])
      expect(pattern.test(value)).toBe(length <= 128);
  }
});
