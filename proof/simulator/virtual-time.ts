/**
 * Time that stands still until everything at this moment is done, and then jumps to the next event. Milliseconds are the
 * grain; what is due at the same one happens in the order in which it was asked for, so a run is a function of its seed.
 */
import type { Time } from '../../shared/process/time.ts';

export interface VirtualTime extends Time {
  /** Turns the clock until `done`, or until nothing is due any more, or for `maxMs`. Returns whether it is done. */
  run(done: () => boolean, maxMs: number): Promise<boolean>;
}

interface Event {
  readonly run: () => void;
  cancelled: boolean;
}

export const VIRTUAL_START = Date.UTC(2026, 0, 1);

export const createVirtualTime = (): VirtualTime => {
  const due = new Map<number, Event[]>();
  const moments = createHeap();
  let now = 0;

  const after = (ms: number, run: () => void): (() => void) => {
    const at = now + Math.max(0, Math.ceil(ms));
    const event: Event = { run, cancelled: false };
    const others = due.get(at);
    if (others === undefined) {
      due.set(at, [event]);
      moments.push(at);
    } else others.push(event);
    return () => {
      event.cancelled = true;
    };
  };

  return {
    now: () => VIRTUAL_START + now,
    monotonic: () => now,
    after,
    sleep: (ms) => new Promise((resolve) => void after(ms, resolve)),
    run: async (done, maxMs) => {
      const end = now + maxMs;
      await settled();
      while (!done()) {
        const at = moments.pop();
        if (at === undefined) return false;
        if (at > end) {
          moments.push(at);
          return false;
        }
        now = at;
        const events = due.get(at)!;
        due.delete(at);
        for (const event of events) if (!event.cancelled) event.run();
        await settled();
      }
      return true;
    },
  };
};

/** Resolves when every promise that can go on has gone on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The smallest number first. */
const createHeap = () => {
  const heap: number[] = [];
  const swap = (a: number, b: number): void => {
    [heap[a], heap[b]] = [heap[b]!, heap[a]!];
  };
  return {
    push: (value: number): void => {
      let at = heap.push(value) - 1;
      while (at > 0 && heap[at]! < heap[(at - 1) >> 1]!) {
        swap(at, (at - 1) >> 1);
        at = (at - 1) >> 1;
      }
    },
    pop: (): number | undefined => {
      const top = heap[0];
      const last = heap.pop();
      if (heap.length === 0 || last === undefined) return top;
      heap[0] = last;
      for (let at = 0; ;) {
        const child = 2 * at + 1;
        if (child >= heap.length) return top;
        const smaller = child + 1 < heap.length && heap[child + 1]! < heap[child]! ? child + 1 : child;
        if (heap[at]! <= heap[smaller]!) return top;
        swap(at, smaller);
        at = smaller;
      }
    },
  };
};
