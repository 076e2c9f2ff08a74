/** Two ways to wait for `work` no longer than so long. Neither cancels it. */
import type { Time } from './time.ts';

/** Rejects after `waitMs`, saying what took longer. */
export const rejectAfter = async <T>(
  time: Time,
  waitMs: number,
  what: string,
  work: Promise<T>,
): Promise<T> => {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const cancel = time.after(waitMs, () =>
    reject(new Error(`${what} took longer than ${Math.round(waitMs)} ms`)),
  );
  return Promise.race([work, late]).finally(cancel);
};

/** Resolves with true when `work` is done, with false after `timeoutMs`; rejects when `work` does. */
export const settledWithin = async (work: Promise<unknown>, timeoutMs: number): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  return Promise.race([work.then(() => true), limit]).finally(() => clearTimeout(timer));
};
