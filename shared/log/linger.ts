/**
 * Under load a writer or reader of the log waits this long after each request that carried more than one record: the next
 * request then carries more, and requests cost more than records, here and in the broker. A single record never waits.
 */

/** Milliseconds, asked each time. */
export type Linger = () => number;

export const BATCH_LINGER_MS = 2;
/** For relay and mirror: few callers wait, and each batch costs a Postgres transaction. */
export const BACKGROUND_LINGER_MS = 5;
/** For an updater that stands by: nobody waits for it. */
export const STANDBY_LINGER_MS = 50;
