/**
 * A machine that one process runs on. It can crash, at any await of the process, for good (the process that comes after it is
 * another one), and it can be paused for a while, like a process that was stopped or swapped out. What it has sent by then
 * arrives all the same.
 */
import type { Time } from '../../shared/process/time.ts';
import type { Random } from './random.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface Machine {
  readonly name: string;
  readonly time: Time;
  isAlive(): boolean;
  isPaused(): boolean;
  /** What it waits for never comes. */
  crash(): void;
  pause(ms: number): void;
  /** From now on everything that comes to it takes `factor` times as long. */
  slowDown(factor: number): void;
  /** Does `run` on this machine after `ms`: not if it has crashed by then, later if it is paused. */
  later(ms: number, run: () => void): () => void;
  /** `value`, delivered to this machine after a while. */
  delivered<T>(value: T): Promise<T>;
  /** Milliseconds that a message takes. */
  latency(): number;
}

const LATENCY_MAX_MS = 3;
const SELDOM = 0.02;
const SELDOM_LATENCY_MAX_MS = 60;

/** `skewMs`: how far its clock is ahead. */
export const createMachine = (name: string, world: VirtualTime, random: Random, skewMs = 0): Machine => {
  let alive = true;
  let pausedUntil = 0;
  let slowness = 1;

  const later = (ms: number, run: () => void): (() => void) => {
    let cancel = (): void => undefined;
    const attempt = (): void => {
      if (!alive) return;
      const left = pausedUntil - world.monotonic();
      if (left > 0) cancel = world.after(left, attempt);
      else run();
    };
    cancel = world.after(ms, attempt);
    return () => cancel();
  };
  const latency = (): number =>
    slowness * random.between(0, random.chance(SELDOM) ? SELDOM_LATENCY_MAX_MS : LATENCY_MAX_MS);

  return {
    name,
    time: {
      now: () => world.now() + skewMs,
      monotonic: world.monotonic,
      after: later,
      sleep: (ms) => new Promise((resolve) => void later(ms, resolve)),
    },
    isAlive: () => alive,
    isPaused: () => alive && pausedUntil > world.monotonic(),
    crash: () => {
      alive = false;
    },
    pause: (ms) => {
      pausedUntil = world.monotonic() + ms;
    },
    slowDown: (factor) => {
      slowness = factor;
    },
    later,
    delivered: (value) => new Promise((resolve) => void later(latency(), () => resolve(value))),
    latency,
  };
};
