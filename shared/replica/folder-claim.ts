/**
 * One process per folder. The lock is a name to listen on that is made of the folder's real path: the system gives it free when its
 * owner ends, however that happens, so nothing is left behind that names somebody else later.
 *
 * On Linux it is an abstract Unix socket, without a file. Elsewhere it is a socket file in the folder for temporary files; one
 * that nobody listens on is taken over. Containers with network namespaces of their own do not see each other's.
 */
import { hash } from 'node:crypto';
import { realpathSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { StartError } from '../process/lifecycle.ts';

/** Returns what gives the folder free again. Throws StartError when a process uses it, this one included. */
export const claimFolder = async (folder: string): Promise<() => void> => {
  const name = `migration-playground-${hash('sha256', realpathSync(folder), 'hex').slice(0, 32)}`;
  const isAbstract = platform() === 'linux';
  const address = isAbstract ? `\0${name}` : join(tmpdir(), name);
  const server = (await listen(address)) ?? (isAbstract ? undefined : await takeOver(address));
  if (server === undefined) {
    throw new StartError(
      `the folder ${folder} is in use by another process: end that one, or give this one another DATA_DIR`,
    );
  }
  return () => void server.close();
};

/** Undefined when somebody has the address. */
const listen = async (address: string): Promise<Server | undefined> => {
  const server = createServer((socket) => socket.destroy());
  const { promise, resolve, reject } = Promise.withResolvers<Server | undefined>();
  server.once('listening', () => resolve(server));
  server.once('error', (error: NodeJS.ErrnoException) =>
    error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
  );
  server.listen({ path: address, exclusive: true });
  server.unref();
  return promise;
};

/** A socket file outlives its process. */
const takeOver = async (address: string): Promise<Server | undefined> => {
  if (await answers(address)) return undefined;
  rmSync(address, { force: true });
  return listen(address);
};

const answers = async (address: string): Promise<boolean> => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(address);
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
};
