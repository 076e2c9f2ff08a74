/** Faults below a request: framing, headers that are too large, a client that is too slow. */
import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ApiError, ERROR_CODE_HEADER, ERRORS, errorBody, type ErrorCode } from './errors.ts';
import { JSON_TYPE } from './route.ts';
import { hasBody, headerValues } from './request-headers.ts';

const HEADERS_MAX_BYTES = 16 * 1024;
const HEADERS_WAIT_MS = 10_000;
const BODY_WAIT_MS = 20_000;
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

interface Fault {
  readonly code: ErrorCode;
  readonly message: string;
}

const FAULTS: Readonly<Record<string, Fault>> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    code: 'request-timeout',
    message: `the request did not arrive in time: headers within ${HEADERS_WAIT_MS} ms, then the body within ${BODY_WAIT_MS} ms`,
  },
  HPE_HEADER_OVERFLOW: {
    code: 'headers-too-large',
    message: `the headers are larger than ${HEADERS_MAX_BYTES} bytes`,
  },
};
const FRAMING: Fault = { code: 'bad-request', message: 'the request is not valid HTTP' };

/** After our last byte the client has so long to read it and to close; what it still sends is read and dropped. */
const CLOSE_WAIT_MS = 1_000;

interface Connection {
  /** Responses that are not closed, with their requests. */
  readonly open: Map<ServerResponse, IncomingMessage>;
  last: { readonly request: IncomingMessage; readonly response: ServerResponse } | undefined;
  hasFault: boolean;
}

const connections = new WeakMap<Socket, Connection>();

const connectionOf = (socket: Socket): Connection => {
  const known = connections.get(socket);
  if (known !== undefined) return known;
  const connection: Connection = { open: new Map(), last: undefined, hasFault: false };
  connections.set(socket, connection);
  return connection;
};

/** Answers in our shape where the connection still allows it, after what it owes, and ends the connection. */
export const answerConnectionFault = (error: Error & { code?: string }, socket: Socket): void =>
  endWithFault(socket, FAULTS[error.code ?? ''] ?? FRAMING);

export interface WatchedConnections {
  /** Ends the connections that owe no answer, also those that have not sent a whole head: Node waits for these. */
  endUnused(): void;
}

/** Keeps account of owed responses, and answers what Node would answer without a body. */
export const watchConnections = (server: Server): WatchedConnections => {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const connection = connectionOf(request.socket);
    connection.open.set(response, request);
    connection.last = { request, response };
    response.once('close', () => connection.open.delete(response));
  });
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    const body = errorBody('the only expectation that is understood is 100-continue');
    const headers = {
      'content-type': JSON_TYPE,
      'content-length': Buffer.byteLength(body),
      [ERROR_CODE_HEADER]: 'expectation-failed',
    };
    response.writeHead(ERRORS['expectation-failed'].status, { ...headers, connection: 'close' }).end(body);
  });
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    // Node has taken its own listeners off.
    socket.on('error', () => socket.destroy());
    endWithFault(socket, { code: 'method-not-allowed', message: 'CONNECT is not allowed here' });
  });
  return {
    endUnused: () => {
      for (const socket of sockets) if (connectionOf(socket).open.size === 0) socket.destroy();
    },
  };
};

/** Ends a connection whose request body does not arrive in time. */
export const limitBodyTime = (request: IncomingMessage): void => {
  if (!hasBody(request)) return;
  const timer = setTimeout(() => {
    if (!request.complete) endWithFault(request.socket, FAULTS['ERR_HTTP_REQUEST_TIMEOUT']!);
  }, BODY_WAIT_MS);
  const clear = (): void => clearTimeout(timer);
  request.once('end', clear);
  request.once('close', clear);
};

/**
 * RFC 9112, 6.1 and 6.3: without a last coding `chunked` the length of a body is unknown, 400; a coding in front of it is not
 * understood, 501. Throws these; the connection ends with the answer, because what follows cannot be told from the body.
 */
export const checkTransferCoding = (message: IncomingMessage): void => {
  if (message.headers['transfer-encoding'] === undefined) return;
  const codings = headerValues(message, 'transfer-encoding')
    .join(',')
    .split(',')
    .map((coding) => coding.trim().toLowerCase());
  const headers = { connection: 'close' };
  if (message.httpVersion === '1.0' || codings.indexOf('chunked') !== codings.length - 1)
    throw new ApiError(
      'bad-request',
      'the Transfer-Encoding must end with chunked, once, and needs HTTP/1.1',
      headers,
    );
  if (codings.length > 1)
    throw new ApiError(
      'not-implemented',
      'the only Transfer-Encoding that is understood is chunked',
      headers,
    );
};

/** RFC 9112, 3.2: HTTP/1.1 has exactly one Host. Throws 400. */
export const checkHost = (message: IncomingMessage): void => {
  const hosts = headerValues(message, 'host').length;
  if (hosts > 1 || (hosts === 0 && message.httpVersion === '1.1')) {
    throw new ApiError('bad-request', 'a request has exactly one Host header');
  }
};

/** The first fault of a connection is answered, and nothing behind it. */
const endWithFault = (socket: Socket, fault: Fault): void => {
  const connection = connectionOf(socket);
  if (!socket.writable && !connection.hasFault) socket.destroy();
  if (connection.hasFault || socket.destroyed) return;
  connection.hasFault = true;
  endBehindOwed(socket, connection, fault);
};

/** Earlier requests are complete; the one that is not is the faulty one, and has its own answer only if that has begun. */
const endBehindOwed = (socket: Socket, connection: Connection, fault: Fault): void => {
  for (const [response, request] of connection.open) {
    if (!request.complete && !response.headersSent) continue;
    response.once('close', () => endBehindOwed(socket, connection, fault));
    return;
  }
  const { open, last } = connection;
  const isAnswered = last !== undefined && !last.request.complete && !open.has(last.response);
  if (socket.writable) socket.end(isAnswered ? '' : faultResponse(fault));
  const timer = setTimeout(() => socket.destroy(), CLOSE_WAIT_MS).unref();
  socket.once('close', () => clearTimeout(timer));
};

const faultResponse = ({ code, message }: Fault): string => {
  const { status } = ERRORS[code];
  const body = errorBody(message);
  return (
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: ${JSON_TYPE}\r\n${ERROR_CODE_HEADER}: ${code}\r\n` +
    `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
  );
};
