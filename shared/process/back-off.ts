/** Delays that double from `firstMs` to `maxMs`, until `reset`. */
export interface BackOff {
  /** Milliseconds to wait now. */
  next(): number;
  reset(): void;
}

export const createBackOff = (firstMs: number, maxMs: number): BackOff => {
  let delay = firstMs;
  return {
    next: () => {
      const now = delay;
      delay = Math.min(2 * delay, maxMs);
      return now;
    },
    reset: () => {
      delay = firstMs;
    },
  };
};
