/** Collects what comes while a request is in flight, and sends it together. */
export const collector = <T>(send: (messages: T[]) => Promise<unknown>): ((message: T) => Promise<void>) => {
  let waiting: T[] = [];
  let sending = false;
  return async (message) => {
    waiting.push(message);
    if (sending) return;
    sending = true;
    while (waiting.length > 0) await send(waiting.splice(0));
    sending = false;
  };
};
