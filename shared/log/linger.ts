/**
 * Under load a writer or reader of the log takes a breath after each request that carried more than one record: more comes
 * together then, and requests cost more than records, here and in the broker. One record alone never waits.
 */

/** Milliseconds, asked each time. */
export type Breath = () => number;

export const BREATH_MS = 2;
/** Where few wait, and each time costs much. */
export const LONG_BREATH_MS = 5;
/** Of a reader for whom nobody waits. */
export const PATIENT_BREATH_MS = 50;
