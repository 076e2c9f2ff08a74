/** Cuts off clients that do not read their answers: otherwise they would hold their slots and buffers for ever. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** A client takes a slice (64 KiB), or what is left of the answer, within so long. */
export const WRITE_WAIT_MS = 20_000;
const CHECKS_PER_WAIT = 10;

export interface WriteCut {
  /** Bytes of the answer that the client has not taken. */
  readonly waiting: number;
  readonly remotePort: number | undefined;
}

/** `onCut` is told of each connection that is cut. */
export const cutStuckWrites = (
  server: Server,
  onCut: (cut: WriteCut) => void,
  waitMs = WRITE_WAIT_MS,
): void => {
  const sockets = new Map<Socket, { taken: number; since: number }>();
  server.on('connection', (socket: Socket) => {
    sockets.set(socket, { taken: 0, since: performance.now() });
    socket.once('close', () => sockets.delete(socket));
  });
  const check = (): void => {
    const now = performance.now();
    for (const [socket, progress] of sockets) {
      const waiting = socket.writableLength;
      const taken = socket.bytesWritten - waiting;
      if (waiting === 0 || taken !== progress.taken) {
        progress.taken = taken;
        progress.since = now;
      } else if (now - progress.since >= waitMs) {
        sockets.delete(socket);
        onCut({ waiting, remotePort: socket.remotePort });
        socket.destroy();
      }
    }
  };
  const timer = setInterval(check, Math.ceil(waitMs / CHECKS_PER_WAIT)).unref();
  server.once('close', () => clearInterval(timer));
};
