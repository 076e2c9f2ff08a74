import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { confluentRegistry } from './confluent-registry.ts';

test('a registry that accepts and never answers is not waited for without end, and it is said what was asked', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const registry = confluentRegistry({ url: `http://user:secret@127.0.0.1:${port}/apis` }, 100);
  const registering = registry.register('a-subject', '{"type":"record","name":"A","fields":[]}');
  await expect(registering).rejects.toThrow(
    `registering the subject a-subject at the schema registry http://127.0.0.1:${port}/apis took longer than 100 ms`,
  );
  await expect(registry.schema(7)).rejects.toThrow('reading the schema 7');
  for (const socket of sockets) socket.destroy();
  server.close();
});
