/** Between a client and a server: passes everything on, and cuts the connection when an answer comes, if it is told to. */
import { connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** The next `count` answers do not get through; their requests did. */
  cutAnswers(count: number): void;
  /** Answers that were cut so far. */
  cuts(): number;
  close(): Promise<void>;
}

export const startTcpProxy = async (target: URL): Promise<TcpProxy> => {
  const sockets = new Set<Socket>();
  let toCut = 0;
  let cuts = 0;
  const server = createServer((client) => {
    const upstream = connect({ host: target.hostname, port: Number(target.port) });
    const end = (): void => {
      client.destroy();
      upstream.destroy();
      sockets.delete(client);
      sockets.delete(upstream);
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', end);
    }
    client.pipe(upstream);
    upstream.on('data', (chunk) => {
      if (toCut > 0) {
        toCut--;
        cuts++;
        end();
      } else if (!client.write(chunk)) {
        upstream.pause();
        client.once('drain', () => upstream.resume());
      }
    });
  });
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', resolve);
  await listening;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    port: address.port,
    cutAnswers: (count) => {
      toCut += count;
    },
    cuts: () => cuts,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
};
