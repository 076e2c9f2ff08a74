/** Secrets of requests: the bearer token of clients, and the secret that the services share. */
import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ApiError } from './errors.ts';
import { headerValues } from './request-headers.ts';

/** Takes the same time however much of them is equal; only the length of what was given can be told. */
export const isSameSecret = (given: string, wanted: string): boolean =>
  timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', wanted, 'buffer'));

const CHALLENGE = 'Bearer realm="playground"';

/** Throws 401 unless the request carries the token. */
export const checkBearer = (message: IncomingMessage, token: string): void => {
  const [given, ...others] = headerValues(message, 'authorization');
  if (given === undefined) {
    throw new ApiError('unauthorized', 'writes need the API token, as Authorization: Bearer …', {
      'www-authenticate': CHALLENGE,
    });
  }
  const [, credentials] = /^bearer +(\S+) *$/i.exec(given) ?? [];
  if (others.length > 0 || credentials === undefined || !isSameSecret(credentials, token)) {
    throw new ApiError('unauthorized', 'this is not the API token', {
      'www-authenticate': `${CHALLENGE}, error="invalid_token"`,
    });
  }
};

export const INTERNAL_SECRET_HEADER = 'x-playground-secret';

/** Throws 403 unless the request carries the secret of the services. */
export const checkInternalSecret = (message: IncomingMessage, secret: string): void => {
  const [given, ...others] = headerValues(message, INTERNAL_SECRET_HEADER);
  if (given !== undefined && others.length === 0 && isSameSecret(given, secret)) return;
  const what = given === undefined ? 'this request does not carry it' : 'that of this request is another one';
  throw new ApiError(
    'forbidden',
    `/internal is for services that know the internal secret (INTERNAL_SECRET, INTERNAL_SECRET_FILE): ${what}`,
  );
};
