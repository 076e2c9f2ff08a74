/** Does `work` until it succeeds or `stopped`; says why it did not. For what must be done whoever is away for a while. */
import type { Logger } from './logger.ts';
import type { Time } from './time.ts';

const FIRST_DELAY_MS = 20;
const DELAY_MAX_MS = 1_000;

export const untilDone = async <T>(
  sentence: string,
  { logger, time }: { readonly logger: Logger; readonly time: Time },
  stopped: () => boolean,
  work: () => Promise<T>,
): Promise<T | undefined> => {
  for (let delay = FIRST_DELAY_MS; !stopped(); delay = Math.min(delay * 2, DELAY_MAX_MS)) {
    try {
      return await work();
    } catch (error) {
      if (stopped()) return undefined;
      logger.warn({ err: error }, sentence);
      await time.sleep(delay);
    }
  }
  return undefined;
};
