import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inSlices, jsonArray } from '../http/json-array.ts';
import { pageSlices, planPage, rowSlices } from './list-slices.ts';

interface Row {
  readonly id: number;
  readonly json: string;
}
const MAX_BYTES = 100;

/** Rows of these sizes, in bytes, with odd ids. */
const rowsOf = (sizes: readonly number[]): Row[] =>
  sizes.map((size, index) => ({ id: 2 * index + 1, json: JSON.stringify('ü'.repeat(Math.ceil(size / 2))) }));
const reader =
  (rows: readonly Row[]) =>
  (after: number, limit: number): Row[] =>
    rows.filter(({ id }) => id > after).slice(0, limit);
const collect = async <T>(generator: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const one of generator) all.push(one);
  return all;
};
const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 300 })), {
  maxLength: 120,
});

test('slices hold every row once, in order, and no more bytes than the limit', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat(50), async (given, after) => {
      const rows = rowsOf(given);
      const slices = await collect(rowSlices(reader(rows), after, MAX_BYTES));
      expect(slices.flat()).toEqual(rows.filter(({ id }) => id > after));
      for (const slice of slices) {
        const bytes = slice.reduce((sum, { json }) => sum + Buffer.byteLength(json) + 1, 0);
        expect(bytes <= MAX_BYTES || slice.length === 1).toBe(true);
      }
    }),
  );
});

test('a page has what is asked for, and knows whether there is more, however large its rows', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat(50), fc.integer({ min: 1, max: 60 }), async (given, after, limit) => {
      const rows = rowsOf(given);
      const expected = rows.filter(({ id }) => id > after);
      const page = await planPage(reader(rows), after, limit, MAX_BYTES);
      expect(page.ids).toEqual(expected.slice(0, limit).map(({ id }) => id));
      expect(page.hasMore).toBe(expected.length > limit);
      const shown = page.json ?? (await collect(pageSlices(reader(rows), after, page))).flat();
      expect(shown.map((one) => (typeof one === 'string' ? one : one.json))).toEqual(
        expected.slice(0, limit).map(({ json }) => json),
      );
    }),
  );
});

test('a page that is read again shows neither what came nor what went meanwhile', async () => {
  const rows = rowsOf([90, 90, 90, 90]);
  const page = await planPage(reader(rows), 0, 3, MAX_BYTES);
  const changed = [rows[0]!, { id: 2, json: '2' }, ...rows.slice(2)];
  const shown = (await collect(pageSlices(reader(changed), 0, page))).flat();
  expect(shown.map(({ id }) => id)).toEqual([1, 5]);
});

test('the texts are one JSON array', async () => {
  for (const given of [[], ['1'], ['1', '"a"', '{}'], Array.from({ length: 50_000 }, () => '"0123456789"')]) {
    const texts = await collect(jsonArray(inSlices(given)));
    expect(JSON.parse(texts.join(''))).toEqual(given.map((one) => JSON.parse(one) as unknown));
    expect(Math.max(...texts.map((text) => text.length))).toBeLessThanOrEqual(64 * 1024 + 1);
  }
});
