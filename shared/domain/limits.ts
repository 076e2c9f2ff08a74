/** Limits of what a command may carry: of every API, and of deciding. */

export const COMMAND_ID_MAX_CHARS = 128;
/** Visible ASCII, without spaces. */
export const COMMAND_ID_PATTERN = /^[\x21-\x7e]{1,128}$/;
export const NAME_MAX_CODE_POINTS = 1_000;
/** The years 0 to 9999, which RFC 3339 can write; milliseconds since 1970. */
export const TIME_MIN = Date.parse('0000-01-01T00:00:00.000Z');
export const TIME_MAX = Date.parse('9999-12-31T23:59:59.999Z');

export const isThingId = (id: number): boolean => Number.isSafeInteger(id) && id >= 1;
