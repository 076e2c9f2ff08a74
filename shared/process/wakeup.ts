import type { Time } from './time.ts';

/** A flag that wakes who waits for it, and is put down by that. */
export interface Signal {
  raise(): void;
  /** Resolves when the flag is up, or after `timeoutMs`. */
  wait(timeoutMs?: number): Promise<void>;
}

export const createSignal = (time: Time): Signal => {
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
