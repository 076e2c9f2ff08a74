/**
 * One log line per trouble, not one per try. The first failure is a warning; while it lasts, one more every REPEAT_EVERY_MS
 * with the number of failures; what lies between is for debugging. When it is over, that is said once.
 */
import type { Logger } from './logger.ts';

export interface Trouble {
  /** It failed, again perhaps. */
  met(error: unknown, fields?: Readonly<Record<string, unknown>>): void;
  /** It works. */
  over(): void;
  /** While it lasts: what fails, and why. */
  present(): string | undefined;
}

export const REPEAT_EVERY_MS = 30_000;

/** `sentence` says what fails. `now`: milliseconds, monotonic. */
export const createTrouble = (
  logger: Logger,
  sentence: string,
  now: () => number = () => performance.now(),
): Trouble => {
  let failures = 0;
  let since = 0;
  let saidAt = 0;
  let reason = '';
  return {
    met: (error, fields = {}) => {
      failures++;
      reason = error instanceof Error ? error.message : String(error);
      const line = { err: error, ...fields, failures };
      if (failures === 1) since = now();
      if (failures === 1 || now() - saidAt >= REPEAT_EVERY_MS) {
        saidAt = now();
        logger.warn(line, sentence);
      } else logger.debug(line, sentence);
    },
    over: () => {
      if (failures > 1)
        logger.info({ what: sentence, failures, forMs: Math.round(now() - since) }, 'it works again');
      failures = 0;
    },
    present: () => (failures === 0 ? undefined : `${sentence}: ${reason}`),
  };
};
