/** Waiting for what the process needs: with back-off, for a bounded time, and saying for whom. */
import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from './lifecycle.ts';
import type { Logger } from './logger.ts';

const FIRST_DELAY_MS = 100;
const DELAY_MAX_MS = 2_000;
const SAY_AGAIN_MS = 10_000;

/**
 * `attempt` until it succeeds. Throws StartError after `waitMs`, also when the attempt neither succeeds nor fails, and at once
 * when the attempt throws one itself. Says why it waits once per reason, and again every SAY_AGAIN_MS.
 */
export const waitFor = async <T>(
  what: string,
  waitMs: number,
  logger: Logger,
  attempt: () => Promise<T>,
): Promise<T> => {
  const deadline = performance.now() + waitMs;
  const limit = Promise.withResolvers<never>();
  let lastReason = 'no answer';
  const tooLate = (cause?: unknown): StartError =>
    new StartError(`${what} did not answer within ${waitMs} ms: ${lastReason}`, { cause });
  const timer = setTimeout(() => limit.reject(tooLate()), waitMs);
  limit.promise.catch(() => undefined);
  let saidAt = Number.NEGATIVE_INFINITY;

  try {
    for (let delay = FIRST_DELAY_MS; ; delay = Math.min(delay * 2, DELAY_MAX_MS)) {
      try {
        return await Promise.race([attempt(), limit.promise]);
      } catch (error) {
        if (error instanceof StartError) throw error;
        const left = deadline - performance.now();
        const reason = error instanceof Error ? error.message || error.name : String(error);
        if (reason !== lastReason || performance.now() - saidAt >= SAY_AGAIN_MS) {
          saidAt = performance.now();
          logger.info({ what, reason }, 'waiting');
        }
        lastReason = reason;
        if (left <= 0) throw tooLate(error);
        await sleep(Math.min(delay, left));
      }
    }
  } finally {
    clearTimeout(timer);
  }
};
