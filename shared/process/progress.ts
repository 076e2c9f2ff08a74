/** How far a reader is, per partition, and who waits for it to get further. */
import type { Time } from './time.ts';

export interface Progress {
  /** `next` is the offset that comes next. Never goes back. */
  reached(partition: number, next: number): void;
  next(partition: number): number;
  /** Resolves when `next` has reached `end`; throws when that takes longer than `waitMs`. */
  until(partition: number, end: number, waitMs: number): Promise<void>;
}

interface Waiting {
  readonly end: number;
  readonly resolve: () => void;
}

export const createProgress = (nexts: readonly number[], time: Time): Progress => {
  const current = [...nexts];
  const waiting: Set<Waiting>[] = current.map(() => new Set());

  return {
    reached: (partition, next) => {
      if (next <= current[partition]!) return;
      current[partition] = next;
      for (const one of waiting[partition]!) {
        if (one.end > next) continue;
        waiting[partition]!.delete(one);
        one.resolve();
      }
    },
    next: (partition) => current[partition]!,
    until: async (partition, end, waitMs) => {
      if (current[partition]! >= end) return;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const one: Waiting = { end, resolve };
      const cancel = time.after(waitMs, () => {
        reject(new Error(`partition ${partition} did not reach offset ${end} within ${waitMs} ms`));
      });
      waiting[partition]!.add(one);
      await promise.finally(() => {
        cancel();
        waiting[partition]!.delete(one);
      });
    },
  };
};
