/** How long Kafka may take, whichever client asks. */
export const CONNECTION_TIMEOUT_MS = 2_000;
export const REQUEST_TIMEOUT_MS = 5_000;
/** A client is asked to close, and left to itself when it does not. */
export const DISCONNECT_TIMEOUT_MS = 3_000;
export const TOPIC_CREATE_TIMEOUT_MS = 15_000;
export const KEEP_ALIVE_AFTER_MS = 60_000;
