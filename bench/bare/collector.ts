/** Collects what comes while a request is in flight, and sends it together. */
export interface Collector<T> {
  add(message: T): void;
  /** Resolves when all of it is acknowledged. A message may be consumed before that. */
  idle(): Promise<void>;
}

export const collector = <T>(send: (messages: T[]) => Promise<unknown>): Collector<T> => {
  const waiting: T[] = [];
  let sending: Promise<void> | undefined;
  const sendAll = async (): Promise<void> => {
    while (waiting.length > 0) await send(waiting.splice(0));
    sending = undefined;
  };
  return {
    add: (message) => {
      waiting.push(message);
      sending ??= sendAll();
    },
    idle: async () => sending,
  };
};
