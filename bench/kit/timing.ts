/** How long things take, and how many are done in a time. */
import { quantile } from './rounds.ts';
import type { Sample } from './comparison.ts';

/** Milliseconds of each call, one after the other. */
export const timeEach = async (
  count: number,
  work: (index: number) => Promise<unknown>,
): Promise<number[]> => {
  const times: number[] = [];
  for (let index = 0; index < count; index++) {
    const began = performance.now();
    await work(index);
    times.push(performance.now() - began);
  }
  return times;
};

export const percentiles = (times: readonly number[]): Sample => ({
  p50: quantile(times, 0.5),
  p99: quantile(times, 0.99),
});

/** Calls per second by so many at once, each one after the other, for so long. */
export const ratePerSecond = async (
  workers: number,
  durationMs: number,
  work: (worker: number) => Promise<unknown>,
): Promise<number> => {
  const began = performance.now();
  const counts = await Promise.all(
    Array.from({ length: workers }, async (_, worker) => {
      let count = 0;
      for (; performance.now() - began < durationMs; count++) await work(worker);
      return count;
    }),
  );
  const seconds = (performance.now() - began) / 1_000;
  return counts.reduce((sum, count) => sum + count, 0) / seconds;
};
