/** Faults below a request: framing, headers that are too large, a client that is too slow. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { ERRORS, errorBody, type ErrorCode } from './errors.ts';

export const HEADERS_MAX_BYTES = 16 * 1024;
export const HEADERS_WAIT_MS = 10_000;
export const BODY_WAIT_MS = 20_000;
const CONNECTIONS_CHECK_MS = 500;

export const CONNECTION_LIMITS = {
  maxHeaderSize: HEADERS_MAX_BYTES,
  headersTimeout: HEADERS_WAIT_MS,
  // Node counts it from the first byte of the request.
  requestTimeout: BODY_WAIT_MS,
  connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
} as const;

const FAULTS: Readonly<Record<string, { code: ErrorCode; message: string }>> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    code: 'request-timeout',
    message: `the request did not arrive in time: headers within ${HEADERS_WAIT_MS} ms, all of it within ${BODY_WAIT_MS} ms`,
  },
  HPE_HEADER_OVERFLOW: {
    code: 'headers-too-large',
    message: `the headers are larger than ${HEADERS_MAX_BYTES} bytes`,
  },
};
const FRAMING = { code: 'bad-request', message: 'the request is not valid HTTP' } as const;

/** Answers in our shape where the connection still allows it, and ends the connection. */
export const answerConnectionFault = (error: Error & { code?: string }, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { code, message } = FAULTS[error.code ?? ''] ?? FRAMING;
  const { status } = ERRORS[code];
  const body = errorBody(message);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
};
