/** Bare: a list as a stream of strings that are ready. Arguments: how many rows there are, and how many are one string. */
import { Readable } from 'node:stream';
import { serveBare } from './serve-bare.ts';

const time = new Date().toISOString();
const shown = { name: 'benchmark', foo: 0, created_on: time, updated_on: time, version: '0' };
const [rowsInAll, rowsEach] = process.argv.slice(2).map(Number) as [number, number];
const rows = Array.from({ length: rowsInAll }, (_, index) =>
  JSON.stringify({ id: String(index + 1), ...shown }),
);
const strings: string[] = [];
for (let at = 0; at < rows.length; at += rowsEach) {
  const [before, after] = [at === 0 ? '[' : ',', at + rowsEach >= rows.length ? ']' : ''];
  strings.push(`${before}${rows.slice(at, at + rowsEach).join(',')}${after}`);
}
serveBare((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  Readable.from(strings, { objectMode: false }).pipe(response);
});
