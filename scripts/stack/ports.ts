/** Ports: free ones for tests, and a clear word when one is taken. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import getPort from 'get-port';
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

/**
 * Below those that systems give to outgoing connections: a part that is stopped for a while, as in the chaos, would find
 * its port taken by one of them when it is started again.
 */
const PORT_MIN = 20_000;
const PORT_MAX = 32_000;
/** Tried for one port; drawn, so that processes that ask at once seldom want the same. */
const CANDIDATES = 100;

/** Ports that are free now; all different. Throws StartError when there are not so many. */
export const freePorts = async (count: number): Promise<number[]> => {
  const ports: number[] = [];
  while (ports.length < count) {
    const candidates = Array.from({ length: CANDIDATES }, () => randomInt(PORT_MIN, PORT_MAX));
    // It gives no port twice within some seconds.
    const port = await getPort({ port: candidates, host: '127.0.0.1' });
    if (!candidates.includes(port))
      throw new StartError(`no ${count} free ports between ${PORT_MIN} and ${PORT_MAX}`);
    ports.push(port);
  }
  return ports;
};
