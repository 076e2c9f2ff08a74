/** Connections of kafkajs that are thrown away when they fail, and made anew when they are needed. */
import { settledWithin } from '../../process/timeout.ts';
import { answerInTime } from '../kafka-limit.ts';
import { DISCONNECT_TIMEOUT_MS } from '../kafka-timeouts.ts';

interface Connection {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}

export interface Renewable<C> {
  /** `what` names the question in an error. */
  ask<T>(what: string, question: (connection: C) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export const renewable = <C extends Connection>(create: () => C): Renewable<C> => {
  let current: Promise<C> | undefined;

  const connect = async (): Promise<C> => {
    const connection = create();
    try {
      await answerInTime('connecting', connection.connect());
      return connection;
    } catch (error) {
      // A broker that accepts and does not answer leaves a socket open.
      await disconnect(connection);
      throw error;
    }
  };
  const discard = async (used: Promise<C> | undefined): Promise<void> => {
    if (used !== undefined && used === current) current = undefined;
    const connection = await used?.catch(() => undefined);
    if (connection !== undefined) await disconnect(connection);
  };

  return {
    ask: async (what, question) => {
      const used = (current ??= connect());
      try {
        return await answerInTime(what, question(await used));
      } catch (error) {
        void discard(used);
        throw error;
      }
    },
    close: () => discard(current),
  };
};

/** Never rejects, and waits for a limited time. */
export const disconnect = async (connection: Pick<Connection, 'disconnect'>): Promise<void> => {
  await settledWithin(
    connection.disconnect().catch(() => undefined),
    DISCONNECT_TIMEOUT_MS,
  );
};
