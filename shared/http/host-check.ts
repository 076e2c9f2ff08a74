/**
 * The allow-lists of Host and Origin. A page of a stranger whose name was bound to our address (DNS rebinding) sends its own
 * name as Host; a page that only sends requests has a foreign Origin. Both are refused, whatever they ask for.
 */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { ApiError } from './errors.ts';
import { headerValues } from './request-headers.ts';
import { targetAuthority, type Area } from './request-path.ts';

export interface HostCheckParts {
  /** The name or address that the service listens on. */
  readonly listenHost: string;
  /** More names and addresses, without a port. */
  readonly allowedHosts: readonly string[];
  /** Origins of pages that may send requests, such as `https://admin.example`. */
  readonly allowedOrigins: readonly string[];
}

interface Authority {
  /** In lower case; an address in its shortest form, one of IPv6 in brackets. */
  readonly host: string;
  /** In decimal, or empty. */
  readonly port: string;
}

/** Methods that change nothing. */
export const SAFE_METHODS: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Remembered, so that they need not be parsed again. */
const PASSED_MAX = 100;
const AUTHORITY = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?$/i;
const LOOPBACK = /^127\.\d+\.\d+\.\d+$/;

/** Host and port of a Host header or an origin; undefined when it is none. */
export const authorityOf = (text: string): Authority | undefined => {
  const [, host, port = ''] = AUTHORITY.exec(text) ?? [];
  if (host === undefined) return undefined;
  const canonical = URL.parse(`http://${host}/`)?.hostname;
  return canonical === undefined ? undefined : { host: canonical, port };
};

/** Is it an address of this machine alone, or `localhost`? Takes an address of IPv6 with and without brackets. */
export const isLoopback = (host: string): boolean => {
  const canonical = canonicalHost(host);
  return canonical === 'localhost' || canonical === '[::1]' || LOOPBACK.test(canonical ?? '');
};

/** Undefined when it is neither a name nor an address. */
export const canonicalHost = (host: string): string | undefined =>
  authorityOf(isIP(host) === 6 ? `[${host}]` : host)?.host;

/** Throws 400 for a Host that is none, 421 for one that is not ours. Without a Host (HTTP/1.0) there is nothing to check. */
export const createHostCheck = ({ listenHost, allowedHosts }: HostCheckParts) => {
  const allowed = new Set([listenHost, ...allowedHosts].map((host) => canonicalHost(host)));
  /** Host headers that passed, whatever the connection: nearly all requests have the same few. */
  const passed = new Set<string>();

  const isOurs = (host: string, message: IncomingMessage): boolean =>
    allowed.has(host) || isLoopback(host) || host === canonicalHost(localAddress(message));
  const check = (text: string, message: IncomingMessage, area: Area): void => {
    if (passed.has(text)) return;
    const authority = authorityOf(text);
    if (text !== '' && authority === undefined)
      throw new ApiError('bad-request', 'the Host must be a name or an address, and a port');
    const host = authority?.host ?? '';
    if (allowed.has(host) || isLoopback(host)) {
      if (passed.size < PASSED_MAX) passed.add(text);
      return;
    }
    if (isOurs(host, message) || (area === 'operation' && isLiteral(host))) return;
    throw new ApiError(
      'misdirected',
      `${host || 'an empty Host'} is not served here; ALLOWED_HOSTS can allow it`,
    );
  };
  return {
    isOurs,
    check: (message: IncomingMessage, area: Area): void => {
      // There is one at most (checkHost).
      const { host } = message.headers;
      if (host !== undefined) check(host, message, area);
      const target = targetAuthority(message.url ?? '');
      if (target !== undefined) check(target, message, area);
    },
  };
};

export type HostCheck = ReturnType<typeof createHostCheck>;

/**
 * Throws 403 for the page of another origin. Our own are those whose host is ours and whose port is that of the request;
 * requests without an Origin are of no page, unless the browser says that a write comes from another site.
 */
export const createOriginCheck = ({ allowedOrigins }: HostCheckParts, { isOurs }: HostCheck) => {
  const allowed = new Set(allowedOrigins);
  const isAllowed = (origin: string, message: IncomingMessage): boolean => {
    if (allowed.has(origin)) return true;
    const [, text] = /^https?:\/\/(.*)$/.exec(origin) ?? [];
    const authority = text === undefined ? undefined : authorityOf(text);
    if (authority === undefined || !isOurs(authority.host, message)) return false;
    const port = authority.port || (origin.startsWith('https:') ? '443' : '80');
    return port === hostPort(message) || port === String(message.socket.localPort);
  };
  return (message: IncomingMessage): void => {
    const { headers } = message;
    if (headers.origin === undefined && headers['sec-fetch-site'] === undefined) return;
    const origins = headerValues(message, 'origin');
    for (const origin of origins) {
      if (!isAllowed(origin, message))
        throw new ApiError(
          'forbidden',
          'pages of this Origin may not send requests; ALLOWED_ORIGINS can allow it',
        );
    }
    const isForeignWrite =
      origins.length === 0 &&
      !SAFE_METHODS.has(message.method) &&
      headerValues(message, 'sec-fetch-site').includes('cross-site');
    if (isForeignWrite) throw new ApiError('forbidden', 'pages of another site may not write');
  };
};

const isLiteral = (host: string): boolean => host.startsWith('[') || isIP(host) === 4;

/** Of our end of the connection: what the client has reached us by, when we listen on all addresses. */
const localAddress = ({ socket }: IncomingMessage): string =>
  (socket.localAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '');

const hostPort = (message: IncomingMessage): string | undefined => {
  const port = authorityOf(message.headers.host ?? '')?.port;
  return port === '' ? '80' : port;
};
