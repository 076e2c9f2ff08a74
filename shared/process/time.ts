/** Time, as an argument, so that the simulator can turn the clock itself. */
import { setTimeout as systemSleep } from 'node:timers/promises';

export interface Time {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /** Milliseconds, monotonic. */
  monotonic(): number;
  /** Calls `run` once, after `ms`. Returns what cancels it. */
  after(ms: number, run: () => void): () => void;
  /** Resolves after `ms`. */
  sleep(ms: number): Promise<void>;
}

export const systemTime: Time = {
  now: Date.now,
  monotonic: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  sleep: (ms) => systemSleep(ms),
};
