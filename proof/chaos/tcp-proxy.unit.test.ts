import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { call } from '../../test/http-client.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

let server: Server;
let proxy: TcpProxy;
afterEach(async () => {
  await proxy.close();
  await new Promise((closed) => server.close(closed));
});

test('passes on what comes, and cuts as many answers as it is told to; their requests arrive', async () => {
  let requests = 0;
  server = createServer((_request, response) => response.end(`answer ${++requests}`));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  proxy = await startTcpProxy(new URL(`http://127.0.0.1:${port}`));
  const ask = () => call('GET', `http://127.0.0.1:${proxy.port}/`);
  expect((await ask()).text).toBe('answer 1');
  proxy.cutAnswers(2);
  for (const cut of [1, 2]) {
    await expect(ask()).rejects.toThrow();
    expect(proxy.cuts()).toBe(cut);
  }
  expect((await ask()).text).toBe('answer 4');
});
