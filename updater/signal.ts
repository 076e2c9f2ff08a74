/** A flag that wakes who waits for it, and is put down by that. */
export interface Signal {
  raise(): void;
  /** Resolves when the flag is up, or after `timeoutMs`. */
  wait(timeoutMs?: number): Promise<void>;
}

export const createSignal = (): Signal => {
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
        const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, timeoutMs);
        await promise;
        clearTimeout(timer);
        wake = undefined;
      }
      up = false;
    },
  };
};
