/**
 * The command id of a client. Bare (`abc`) or, as the IETF's draft has it, a string of structured headers (RFC 9651: `"abc"`,
 * with `\"` and `\\` for `"` and `\`): the same key. What begins with `"` is such a string. `.` and `..` are no keys, because
 * no path of a URL can hold them as a segment: the address of the command would be another one.
 */
import type { IncomingMessage } from 'node:http';
import { parseItem } from 'structured-headers';
import { COMMAND_ID_MAX_CHARS, COMMAND_ID_PATTERN } from '../domain/limits.ts';
import { ApiError } from './errors.ts';
import { headerValues } from './request-headers.ts';

/** Of both forms, for the OpenAPI document; what `parseIdempotencyKey` takes, neither more nor less. */
export const IDEMPOTENCY_KEY_PATTERN =
  `^(?!\\.{1,2}$|"\\.{1,2}"$)` +
  `(?:[!#-~][!-~]{0,${COMMAND_ID_MAX_CHARS - 1}}|"(?:[!#-\\[\\]-~]|\\\\["\\\\]){1,${COMMAND_ID_MAX_CHARS}}")$`;
const NO_SEGMENT = new Set(['.', '..']);

/** The key that a header's value stands for, or undefined when it is none. */
export const parseIdempotencyKey = (value: string): string | undefined => {
  const key = value.startsWith('"') ? structuredString(value) : value;
  if (key === undefined || !COMMAND_ID_PATTERN.test(key) || NO_SEGMENT.has(key)) return undefined;
  return key;
};

const structuredString = (value: string): string | undefined => {
  try {
    const [item, parameters] = parseItem(value);
    return typeof item === 'string' && parameters.size === 0 ? item : undefined;
  } catch {
    return undefined;
  }
};

/** The client's key, or undefined when there is none. Throws 400 when it is invalid. */
export const idempotencyKey = (message: IncomingMessage): string | undefined => {
  const [value, ...others] = headerValues(message, 'idempotency-key');
  if (value === undefined) return undefined;
  if (others.length > 0) throw new ApiError('bad-request', 'Idempotency-Key is given more than once');
  const key = parseIdempotencyKey(value);
  if (key !== undefined) return key;
  throw new ApiError(
    'bad-request',
    `Idempotency-Key must have 1 to ${COMMAND_ID_MAX_CHARS} visible ASCII characters, without spaces, bare or as a quoted ` +
      'string, and be neither . nor ..',
  );
};
