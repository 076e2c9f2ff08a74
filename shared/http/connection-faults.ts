/** Faults below a request: framing, headers that are too large, a client that is too slow. */
import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ApiError, ERRORS, errorBody, type ErrorCode } from './errors.ts';
import { headerValues } from './request-headers.ts';

export const HEADERS_MAX_BYTES = 16 * 1024;
export const HEADERS_WAIT_MS = 10_000;
export const BODY_WAIT_MS = 20_000;
const CONNECTIONS_CHECK_MS = 500;

export const CONNECTION_LIMITS = {
  maxHeaderSize: HEADERS_MAX_BYTES,
  headersTimeout: HEADERS_WAIT_MS,
  // Node counts it from the first byte of the request; the body has a limit of its own (limitBodyTime).
  requestTimeout: HEADERS_WAIT_MS + BODY_WAIT_MS + CONNECTIONS_CHECK_MS,
  connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
  // Asked for by checkHost, which answers in our shape.
  requireHostHeader: false,
} as const;

const FAULTS: Readonly<Record<string, { code: ErrorCode; message: string }>> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    code: 'request-timeout',
    message: `the request did not arrive in time: headers within ${HEADERS_WAIT_MS} ms, then the body within ${BODY_WAIT_MS} ms`,
  },
  HPE_HEADER_OVERFLOW: {
    code: 'headers-too-large',
    message: `the headers are larger than ${HEADERS_MAX_BYTES} bytes`,
  },
};
const FRAMING = { code: 'bad-request', message: 'the request is not valid HTTP' } as const;

/** Responses that a connection still owes to requests before the faulty one. */
const owed = new WeakMap<Socket, Set<ServerResponse>>();

/** Answers in our shape where the connection still allows it, after what it owes, and ends the connection. */
export const answerConnectionFault = (error: Error & { code?: string }, socket: Socket): void => {
  const { code, message } = FAULTS[error.code ?? ''] ?? FRAMING;
  const [response] = owed.get(socket) ?? [];
  if (response === undefined || error.code === 'ERR_HTTP_REQUEST_TIMEOUT') endWith(socket, code, message);
  else response.once('close', () => answerConnectionFault(error, socket));
};

/** Keeps account of owed responses, and answers what Node would answer without a body. */
export const watchConnections = (server: Server): void => {
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    const responses = owed.get(socket) ?? new Set();
    owed.set(socket, responses.add(response));
    response.once('close', () => responses.delete(response));
  });
  server.on('checkExpectation', (request: IncomingMessage) => {
    endWith(request.socket, 'expectation-failed', 'the only expectation that is understood is 100-continue');
  });
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    endWith(socket, 'method-not-allowed', 'CONNECT is not allowed here');
  });
};

/** Ends a connection whose request body does not arrive in time. */
export const limitBodyTime = (request: IncomingMessage): void => {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  if (coding === undefined && (length === undefined || length === '0')) return;
  const timer = setTimeout(() => {
    if (request.complete) return;
    const { code, message } = FAULTS['ERR_HTTP_REQUEST_TIMEOUT']!;
    endWith(request.socket, code, message);
  }, BODY_WAIT_MS);
  const clear = (): void => clearTimeout(timer);
  request.once('end', clear);
  request.once('close', clear);
};

/** RFC 9112, 3.2: HTTP/1.1 has exactly one Host. Throws 400. */
export const checkHost = (message: IncomingMessage): void => {
  const hosts = headerValues(message, 'host').length;
  if (hosts > 1 || (hosts === 0 && message.httpVersion === '1.1')) {
    throw new ApiError('bad-request', 'a request has exactly one Host header');
  }
};

const endWith = (socket: Socket, code: ErrorCode, message: string): void => {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { status } = ERRORS[code];
  const body = errorBody(message);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
};
