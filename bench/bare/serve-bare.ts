/** Listens on a free port, and tells it to the process that started this one. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

export const serveBare = (listener: RequestListener): void => {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
};
