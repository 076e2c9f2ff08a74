/**
 * Retries `work` until it succeeds or `stopped`; logs the reason once per trouble. For work that must be done even when
 * another service is away for a while. Rethrows final errors.
 */
import { createBackOff } from './back-off.ts';
import type { Logger } from './logger.ts';
import type { Time } from './time.ts';
import { createTrouble } from './trouble.ts';

const FIRST_DELAY_MS = 20;
const DELAY_MAX_MS = 1_000;

export const retryForever = async <T>(
  sentence: string,
  { logger, time }: { readonly logger: Logger; readonly time: Time },
  stopped: () => boolean,
  work: () => Promise<T>,
  isFinal: (error: unknown) => boolean = () => false,
): Promise<T | undefined> => {
  const trouble = createTrouble(logger, sentence, time.monotonic);
  const backOff = createBackOff(FIRST_DELAY_MS, DELAY_MAX_MS);
  while (!stopped()) {
    try {
      const done = await work();
      trouble.over();
      return done;
    } catch (error) {
      if (stopped()) return undefined;
      if (isFinal(error)) throw error;
      trouble.met(error);
      await time.sleep(backOff.next());
    }
  }
  return undefined;
};
