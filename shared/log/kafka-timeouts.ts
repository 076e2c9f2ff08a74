/** How long Kafka may take, whichever client asks. */
export const CONNECTION_TIMEOUT_MS = 2_000;
export const REQUEST_TIMEOUT_MS = 5_000;
/** A client is asked to close, and left to itself when it does not. */
export const DISCONNECT_TIMEOUT_MS = 3_000;
export const TOPIC_CREATE_TIMEOUT_MS = 15_000;
export const KEEP_ALIVE_AFTER_MS = 60_000;
/** The clients have timeouts of their own, and no request of ours should come near this one. */
export const ANSWER_MAX_MS = 30_000;
/** A broker that starts again, or a leader that is being elected, is waited for. */
export const CONNECT_PATIENCE_MS = 3_000;
/** A topic that brokers do not know for so long is gone; a broker that has just started may not know it yet. */
export const TOPIC_GONE_AFTER_MS = 10_000;
