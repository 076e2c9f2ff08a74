/** A limit on every wait for a Kafka client: the libraries have paths on which they never call back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { settledWithin } from '../process/timeout.ts';
import { ANSWER_MAX_MS } from './kafka-timeouts.ts';

/** A client that neither answers nor fails; there is no more to be had from it. */
export class StuckError extends Error {
  override readonly name = 'StuckError';
}

/** Rejects with StuckError after `limitMs`. Does not cancel `work`. */
export const answerInTime = async <T>(
  what: string,
  work: Promise<T>,
  limitMs = ANSWER_MAX_MS,
): Promise<T> => {
  if (!(await settledWithin(work, limitMs)))
    throw new StuckError(`${what}: no answer from Kafka in ${limitMs} ms`);
  return work;
};

const FIRST_DELAY_MS = 50;
const DELAY_MAX_MS = 500;

/** Asks again for `timeoutMs` what may be asked any number of times, then throws the last error. */
export const retryFor = async <T>(timeoutMs: number, ask: () => Promise<T>): Promise<T> => {
  const deadline = performance.now() + timeoutMs;
  for (let delay = FIRST_DELAY_MS; ; delay = Math.min(delay * 2, DELAY_MAX_MS)) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() + delay > deadline) throw error;
      await sleep(delay);
    }
  }
};
