/** Bare: a list as a stream of strings that are ready. The argument says how many. */
import { Readable } from 'node:stream';
import { serveBare } from './serve-bare.ts';

const time = new Date().toISOString();
const shown = { name: 'benchmark', foo: 0, created_on: time, updated_on: time, version: '0' };
const strings = Array.from(
  { length: Number(process.argv[2]) },
  (_, index) => `${index === 0 ? '[' : ','}${JSON.stringify({ id: String(index + 1), ...shown })}`,
);
strings.push(']');
serveBare((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  Readable.from(strings, { objectMode: false }).pipe(response);
});
