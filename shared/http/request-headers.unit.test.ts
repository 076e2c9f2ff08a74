import { expect, test } from 'vitest';
import type { IncomingMessage } from 'node:http';
import { headerValues, ifNoneMatchHits, prefersAsync, wantsLatest } from './request-headers.ts';

const withHeaders = (headers: Record<string, string>): IncomingMessage =>
  ({ headers }) as unknown as IncomingMessage;

test.each([
  ['"3"', true],
  ['W/"3"', true],
  ['"1", "3"', true],
  ['"1",W/"3" , "x"', true],
  ['*', true],
  [' * ', true],
  ['"33"', false],
  ['3', false],
  ['"a,"3""', false],
  ['', false],
  [undefined, false],
])('If-None-Match %s hits "3": %s', (header, hits) => {
  expect(ifNoneMatchHits(header, '"3"')).toBe(hits);
});

test('tokens are found among others, whatever their case', () => {
  expect(wantsLatest(withHeaders({ 'cache-control': 'max-age=0, No-Cache' }))).toBe(true);
  expect(wantsLatest(withHeaders({ 'cache-control': 'no-cache="x"' }))).toBe(true);
  expect(wantsLatest(withHeaders({ 'cache-control': 'no-cached' }))).toBe(false);
  expect(wantsLatest(withHeaders({}))).toBe(false);
  expect(prefersAsync(withHeaders({ prefer: 'wait=5, respond-async; x=1' }))).toBe(true);
  expect(prefersAsync(withHeaders({ prefer: 'respond-later' }))).toBe(false);
});

test('all values of a header are found, whatever the case of its name', () => {
  const rawHeaders = ['Host', 'a', 'If-Match', '"1"', 'IF-MATCH', '"2"', 'X', 'host'];
  const message = { rawHeaders } as unknown as IncomingMessage;
  expect(headerValues(message, 'if-match')).toEqual(['"1"', '"2"']);
  expect(headerValues(message, 'host')).toEqual(['a']);
  expect(headerValues(message, 'etag')).toEqual([]);
});
