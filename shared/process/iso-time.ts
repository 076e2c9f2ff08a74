/** `time`: milliseconds since 1970. In UTC, with milliseconds. */
export const isoTime = (time: number): string => new Date(time).toISOString();
