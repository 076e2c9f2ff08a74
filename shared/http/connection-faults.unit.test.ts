/** Bytes on a real connection, against a plain server of Node that has our handlers. */
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answerConnectionFault, checkTransferCoding, watchConnections } from './connection-faults.ts';
import { ApiError, errorBody } from './errors.ts';

const AT_ONCE_MS = 900;
const SLOW_ANSWER_MS = 200;
let server: Server;

beforeAll(async () => {
  server = createServer((request, response) => {
    const answer = (): void => void response.end(`answer to ${request.url}`);
    try {
      checkTransferCoding(request);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const body = errorBody(error.message);
      response
        .writeHead(error.status, { ...error.headers, 'content-length': Buffer.byteLength(body) })
        .end(body);
      return;
    }
    if (request.url === '/early') answer();
    request.resume().once('end', () => {
      if (request.url === '/slow') setTimeout(answer, SLOW_ANSWER_MS);
      else if (request.url !== '/early') answer();
    });
  });
  server.on('clientError', answerConnectionFault);
  watchConnections(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
});
afterAll(() => void server.close());

/** All that comes back until the server ends the connection, and after how many milliseconds. The client keeps its half open. */
const send = (...parts: string[]): Promise<{ text: string; ms: number }> =>
  new Promise((resolve, reject) => {
    const began = performance.now();
    const { port } = server.address() as AddressInfo;
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => {
      for (const part of parts) socket.write(part);
    });
    let text = '';
    socket.on('data', (bytes: Buffer) => (text += bytes.toString()));
    socket.on('end', () => {
      resolve({ text, ms: performance.now() - began });
      socket.destroy();
    });
    socket.on('error', reject);
  });

const head = (headers: string, path = '/'): string =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\n${headers}\r\n\r\n`;
const CHUNKED = 'transfer-encoding: chunked';
const statusesOf = (text: string): string[] => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, one]) => one!);

test.each([
  ['a last coding that is not chunked', head('transfer-encoding: xchunked'), '400'],
  ['an empty coding', head('transfer-encoding: '), '400'],
  ['identity', head('transfer-encoding: identity'), '400'],
  ['chunked before another', head('transfer-encoding: chunked, gzip'), '400'],
  ['chunked twice', `${head('transfer-encoding: chunked, chunked')}0\r\n\r\n`, '400'],
  ['another coding below chunked', `${head('transfer-encoding: gzip, chunked')}0\r\n\r\n`, '501'],
  ['two headers', `${head(`transfer-encoding: gzip\r\n${CHUNKED}`)}0\r\n\r\n`, '501'],
  ['chunked in HTTP/1.0', `POST / HTTP/1.0\r\n${CHUNKED}\r\n\r\n0\r\n\r\n`, '400'],
  ['a chunk size that is none', `${head(CHUNKED)}zz\r\nab\r\n0\r\n\r\n`, '400'],
  ['a negative chunk size', `${head(CHUNKED)}-1\r\nab\r\n0\r\n\r\n`, '400'],
  ['an empty chunk size', `${head(CHUNKED)}\r\nab\r\n`, '400'],
  ['a chunk size with 0x', `${head(CHUNKED)}0x2\r\nab\r\n0\r\n\r\n`, '400'],
  ['a chunk size beyond 64 bits', `${head(CHUNKED)}fffffffffffffffff\r\nab\r\n`, '400'],
  ['a chunk size of many digits', `${head(CHUNKED)}${'f'.repeat(5_000)}\r\nab\r\n`, '400'],
  ['a chunk longer than its size', `${head(CHUNKED)}2\r\nabcd\r\n0\r\n\r\n`, '400'],
  ['a chunk without its end', `${head(CHUNKED)}2\r\nab0\r\n\r\n`, '400'],
  ['a chunk extension without end', `${head(CHUNKED)}2;${'x'.repeat(20_000)}\r\nab\r\n0\r\n\r\n`, '400'],
  ['a bad trailer', `${head(CHUNKED)}0\r\nx y\r\n\r\n`, '400'],
  ['a length and a coding', `${head(`content-length: 2\r\n${CHUNKED}`)}0\r\n\r\n`, '400'],
  ['a coding and a length', `${head(`${CHUNKED}\r\ncontent-length: 2`)}0\r\n\r\n`, '400'],
  ['two lengths', `${head('content-length: 2\r\ncontent-length: 3')}ab`, '400'],
  ['two equal lengths', `${head('content-length: 2\r\ncontent-length: 2')}ab`, '400'],
  ['a length that is none', `${head('content-length: 2x')}ab`, '400'],
])('%s is refused at once, and the connection ends', async (_name, bytes, status) => {
  const { text, ms } = await send(bytes);
  expect(statusesOf(text)).toEqual([status]);
  expect(text).toMatch(/connection: close/i);
  expect(text).toMatch(/\r\n\r\n\{"error-message":"[^"]+"\}$/);
  expect(ms).toBeLessThan(AT_ONCE_MS);
});

test('answers that are owed to earlier requests go out first', async () => {
  const earlier = `${head('content-length: 0', '/slow')}${head('content-length: 0', '/quick')}`;
  const { text } = await send(`${earlier}${head(CHUNKED)}zz\r\n`);
  expect(statusesOf(text)).toEqual(['200', '200', '400']);
  expect(text).toMatch(/answer to \/slow[^]*answer to \/quick[^]*"error-message"/);
});

test('a request that has its answer already gets no second one', async () => {
  const { text, ms } = await send(`${head(CHUNKED, '/early')}zz\r\n`);
  expect(statusesOf(text)).toEqual(['200']);
  expect(ms).toBeLessThan(AT_ONCE_MS);
});

test('what follows a fault is dropped, and does not take the answer away', async () => {
  const { text } = await send(`${head(CHUNKED)}zz\r\n`, ...Array.from({ length: 50 }, () => 'more\r\n\r\n'));
  expect(statusesOf(text)).toEqual(['400']);
});

test('CONNECT and expectations wait for their turn too', async () => {
  const slow = head('content-length: 0', '/slow');
  const connecting = await send(`${slow}CONNECT x:80 HTTP/1.1\r\nhost: x\r\n\r\n`);
  expect(statusesOf(connecting.text)).toEqual(['200', '405']);
  const expecting = await send(`${slow}${head('content-length: 0\r\nexpect: tea')}`);
  expect(statusesOf(expecting.text)).toEqual(['200', '417']);
});
