/** How many requests are answered at once, by kind; one more is refused, with 503, before anything is written. */
import type { ServerResponse } from 'node:http';
import { ApiError, RETRY_AFTER_SECONDS } from './errors.ts';

/** Lists without a limit: as long as their reader is slow, so they have slots of their own. */
export const UNLIMITED_LISTS_MAX = 20;

export interface Slots {
  /** Taken until the response is closed or `leave` is called. Throws 503. */
  enter(response: ServerResponse): void;
  leave(response: ServerResponse): void;
  taken(): number;
  /** Would `enter` throw? */
  isFull(): boolean;
}

/** `what`: such as "requests". */
export const createSlots = (max: number, what: string): Slots => {
  const taken = new Set<ServerResponse>();
  return {
    enter: (response) => {
      if (taken.size >= max)
        throw new ApiError(
          'overloaded',
          `${max} ${what} are in flight already; nothing was written, try again`,
          { 'retry-after': RETRY_AFTER_SECONDS },
        );
      taken.add(response);
      // Fires once, whether the answer was sent or the client went away.
      response.once('close', () => taken.delete(response));
    },
    leave: (response) => void taken.delete(response),
    taken: () => taken.size,
    isFull: () => taken.size >= max,
  };
};

const slotsOf = new WeakMap<ServerResponse, Slots>();

/** Which slots count a response, so that its route can leave them. */
export const setSlots = (response: ServerResponse, slots: Slots): void => void slotsOf.set(response, slots);

/** For a response that has a slot of another kind. */
export const leaveInFlight = (response: ServerResponse): void => slotsOf.get(response)?.leave(response);
