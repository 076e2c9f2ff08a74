/** The headers that steer a request: preconditions, caching, preference. */
import type { IncomingMessage } from 'node:http';
import { ApiError } from './errors.ts';

/** All values of a header, its name in lower case. (`headersDistinct` sorts all headers of a request to tell one.) */
export const headerValues = ({ rawHeaders }: IncomingMessage, name: string): string[] => {
  const values: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const given = rawHeaders[at]!;
    if (given.length === name.length && given.toLowerCase() === name) values.push(rawHeaders[at + 1]!);
  }
  return values;
};

/** Does the request say that it has a body? */
export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined ||
  (headers['content-length'] !== undefined && headers['content-length'] !== '0');

/** The version in If-Match, or undefined. Throws 400 unless it is one strong quoted version. */
export const ifMatchVersion = (message: IncomingMessage): number | undefined => {
  const values = headerValues(message, 'if-match');
  if (values.length === 0) return undefined;
  const [, digits] = /^"(0|[1-9]\d{0,15})"$/.exec(values.join(', ').trim()) ?? [];
  const version = Number(digits);
  if (digits === undefined || !Number.isSafeInteger(version)) {
    throw new ApiError('bad-request', 'If-Match must be one strong entity tag with a version, such as "3"');
  }
  return version;
};

/** RFC 9110, 13.1.2: does If-None-Match name the current entity tag? Weak comparison; lists and `*` included. */
export const ifNoneMatchHits = (header: string | undefined, etag: string): boolean => {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return (header.match(/(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g) ?? []).some(
    (tag) => tag.replace(/^W\//, '') === etag,
  );
};

/** `Cache-Control: no-cache`: the reader wants the latest, not just something consistent (P9). */
export const wantsLatest = (message: IncomingMessage): boolean =>
  hasToken(message.headers['cache-control'], 'no-cache');

/** `Prefer: respond-async`: the writer does not want to wait for the outcome. */
export const prefersAsync = (message: IncomingMessage): boolean => {
  const prefer = message.headers['prefer'];
  return hasToken(Array.isArray(prefer) ? prefer.join(',') : prefer, 'respond-async');
};

const hasToken = (header: string | undefined, token: string): boolean =>
  header !== undefined &&
  header.split(',').some((directive) => directive.split(/[;=]/, 1)[0]!.trim().toLowerCase() === token);
