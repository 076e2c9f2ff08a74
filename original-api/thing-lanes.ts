/**
 * Limits the concurrent writes of one Thing, so that they hold few connections of the pool: a row that another client has
 * locked delays only its own Thing. More than one may run, so that the next waits for the row in Postgres during a commit.
 */
import type { Time } from '../shared/process/time.ts';

export interface ThingLanes {
  /** Runs `work` at its turn. Undefined: its turn has not come within `waitMs`, and `work` does not run. */
  run<T>(thingId: number, waitMs: number, work: () => Promise<T>): Promise<T | undefined>;
}

/** Per Thing, at the same time. */
export const LANE_MAX_WRITES = 2;

interface Lane {
  running: number;
  /** In the order in which they came. */
  readonly waiting: Set<() => void>;
}

export const createThingLanes = (time: Time): ThingLanes => {
  /** Of Things that are being written. */
  const lanes = new Map<number, Lane>();

  const turn = (lane: Lane, waitMs: number): Promise<boolean> => {
    if (lane.running < LANE_MAX_WRITES) {
      lane.running++;
      return Promise.resolve(true);
    }
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const come = (): void => {
      cancel();
      resolve(true);
    };
    const cancel = time.after(Math.max(0, waitMs), () => {
      lane.waiting.delete(come);
      resolve(false);
    });
    lane.waiting.add(come);
    return promise;
  };
  /** Whoever waits longest takes the place. */
  const leave = (thingId: number, lane: Lane): void => {
    const [next] = lane.waiting;
    if (next !== undefined) {
      lane.waiting.delete(next);
      next();
    } else if (--lane.running === 0) lanes.delete(thingId);
  };

  return {
    run: async (thingId, waitMs, work) => {
      const lane = lanes.get(thingId) ?? { running: 0, waiting: new Set() };
      lanes.set(thingId, lane);
      if (!(await turn(lane, waitMs))) return undefined;
      try {
        return await work();
      } finally {
        leave(thingId, lane);
      }
    },
  };
};
