/**
 * Which updater is active in a partition, as far as this one knows: whose record counted last. It only spares work, safety
 * comes from the fold: while another one is active, this one stands by, and steps in when something has waited for STANDBY_MS.
 */
import type { Time } from '../../shared/process/time.ts';

type Updater = 'us' | 'another';

export interface ActiveUpdater {
  /** Undefined: it cannot be told. */
  is(who: Updater | undefined): void;
  /** Is it this one? */
  isUs(): boolean;
  /** Is it another one? */
  isAnother(): boolean;
  /** Milliseconds for which an item enqueued at `enqueuedAt` is still left to the active updater; 0 or less: time is over. */
  standbyLeftMs(enqueuedAt: number): number;
}

/** How long a standby leaves a command or an entry to the active updater. */
const STANDBY_MS = 300;

export const createActiveUpdater = (time: Pick<Time, 'monotonic'>): ActiveUpdater => {
  let active: Updater | undefined;
  return {
    is: (who) => {
      active = who;
    },
    isUs: () => active === 'us',
    isAnother: () => active === 'another',
    standbyLeftMs: (enqueuedAt) => (active === 'another' ? enqueuedAt + STANDBY_MS - time.monotonic() : 0),
  };
};
