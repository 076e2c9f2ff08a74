import type { Time } from './time.ts';

/** Wake-up flag for one waiter; waiting resets it. */
export interface Wakeup {
  raise(): void;
  /** Resolves when the flag is up, or after `timeoutMs`. */
  wait(timeoutMs?: number): Promise<void>;
}

export const createWakeup = (time: Time): Wakeup => {
  let up = false;
  let wake: (() => void) | undefined;
  return {
    raise: () => {
      up = true;
      wake?.();
    },
    wait: async (timeoutMs) => {
      if (!up) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        const cancel = timeoutMs === undefined ? undefined : time.after(timeoutMs, resolve);
        await promise;
        cancel?.();
        wake = undefined;
      }
      up = false;
    },
  };
};
