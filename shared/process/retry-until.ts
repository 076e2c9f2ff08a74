/** Waiting for what the process needs: with back-off, for a bounded time, and saying for whom. */
import { setTimeout as sleep } from 'node:timers/promises';
import { rejectAfter } from './timeout.ts';
import { StartError } from './lifecycle.ts';
import type { Logger } from './logger.ts';
import { systemTime } from './time.ts';

const FIRST_DELAY_MS = 100;
const DELAY_MAX_MS = 2_000;
const SAY_AGAIN_MS = 10_000;
/** A library may neither succeed nor fail. */
const ATTEMPT_MAX_MS = 60_000;

/**
 * Repeats `attempt` until it succeeds. Throws StartError after `waitMs`, and at once when the attempt throws one itself.
 * After `waitMs` a running attempt may still end; no attempt takes longer than `attemptMaxMs`. Logs why it waits, once per
 * reason, and again every SAY_AGAIN_MS.
 */
export const retryUntil = async <T>(
  what: string,
  waitMs: number,
  logger: Logger,
  attempt: () => Promise<T>,
  attemptMaxMs = ATTEMPT_MAX_MS,
): Promise<T> => {
  const deadline = performance.now() + waitMs;
  let lastReason: string | undefined;
  let saidAt = Number.NEGATIVE_INFINITY;

  for (let delay = FIRST_DELAY_MS; ; delay = Math.min(delay * 2, DELAY_MAX_MS)) {
    try {
      return await rejectAfter(systemTime, attemptMaxMs, 'an attempt', attempt());
    } catch (error) {
      if (error instanceof StartError) throw error;
      const left = deadline - performance.now();
      const reason = error instanceof Error ? error.message || error.name : String(error);
      if (left <= 0)
        throw new StartError(`${what} did not answer within ${waitMs} ms: ${reason}`, { cause: error });
      if (reason !== lastReason || performance.now() - saidAt >= SAY_AGAIN_MS) {
        saidAt = performance.now();
        logger.info({ what, reason }, 'waiting');
      }
      lastReason = reason;
      await sleep(Math.min(delay, left));
    }
  }
};
