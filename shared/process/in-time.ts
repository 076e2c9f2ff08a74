/** Rejects after `waitMs`, saying what took longer. Does not cancel `work`. */
import type { Time } from './time.ts';

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
