/**
 * Under load a writer or reader of the log takes a breath after each request that carried more than one record: more comes
 * together then, and requests cost more than records, here and in the broker. One record alone never waits.
 */
export const BREATH_MS = 2;
/** Of a reader for whom few wait, and whose work costs much each time. */
export const LONG_BREATH_MS = 5;
