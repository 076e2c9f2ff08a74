/** Ports: free ones for tests, and a clear word when one is taken. */
import { createServer } from 'node:net';
import { StartError } from '../../shared/process/lifecycle.ts';

/** Throws StartError that says which part wanted the port, and what moves it. */
export const checkPortFree = async (part: string, port: number, variable: string): Promise<void> => {
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host: '127.0.0.1', port, exclusive: true }, resolve);
  try {
    await promise;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new StartError(
      `${part} wants port ${port}, which is taken: stop what uses it, or choose another with ${variable}=…`,
    );
  }
  await new Promise((closed) => server.close(closed));
};

/** Ports that are free now; all different. */
export const freePorts = async (count: number): Promise<number[]> => {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => {
            const address = server.address();
            if (address === null || typeof address === 'string') reject(new Error('no port'));
            else resolve(address.port);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
};
