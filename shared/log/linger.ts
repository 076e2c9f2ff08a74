/**
 * Under load a writer or reader of the log waits for so long after each request that carried more than one record: more comes
 * together then, and requests cost more than records, here and in the broker. One record alone never waits.
 */

/** Milliseconds, asked each time. */
export type Linger = () => number;

export const BATCH_LINGER_MS = 2;
/** For relay and mirror: few callers wait, and each batch costs a Postgres transaction. */
export const BACKGROUND_LINGER_MS = 5;
/** For an updater that stands by: nobody waits for it. */
export const STANDBY_LINGER_MS = 50;
