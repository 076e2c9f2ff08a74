/** Waiting for what the process needs: with back-off, for a bounded time, and saying for whom. */
import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from './lifecycle.ts';
import type { Logger } from './logger.ts';

const FIRST_DELAY_MS = 100;
const DELAY_MAX_MS = 2_000;

/** `attempt` until it succeeds. Throws StartError after `waitMs`, and at once when the attempt throws one itself. */
export const waitFor = async <T>(
  what: string,
  waitMs: number,
  logger: Logger,
  attempt: () => Promise<T>,
): Promise<T> => {
  const deadline = performance.now() + waitMs;
  for (let delay = FIRST_DELAY_MS; ; delay = Math.min(delay * 2, DELAY_MAX_MS)) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof StartError) throw error;
      const left = deadline - performance.now();
      const reason = error instanceof Error ? error.message || error.name : String(error);
      if (left <= 0)
        throw new StartError(`${what} did not answer within ${waitMs} ms: ${reason}`, { cause: error });
      logger.info({ what, reason }, 'waiting');
      await sleep(Math.min(delay, left));
    }
  }
};
