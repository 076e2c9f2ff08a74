/** The body of a request: JSON in UTF-8, whatever it is sent as; everything else is refused with a clear error. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { MIMEType } from 'node:util';
import { ApiError } from './errors.ts';
import { headerValues } from './request-headers.ts';

export const BODY_MAX_BYTES = 64 * 1024;

export const acceptJsonBodies = (app: FastifyInstance): void => {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: BODY_MAX_BYTES },
    async (request: FastifyRequest, body: Buffer) => {
      if (request.method === 'DELETE' && body.length === 0) return undefined;
      checkContentType(request.raw);
      return parseJson(body);
    },
  );
};

/** Throws 415 unless the body is plain JSON in UTF-8 by its headers. */
export const checkContentType = (message: IncomingMessage): void => {
  const contentTypes = headerValues(message, 'content-type');
  // What nearly everybody sends needs no parser.
  if (contentTypes.length !== 1 || contentTypes[0] !== 'application/json') checkMediaType(contentTypes);
  const coding = message.headers['content-encoding'] ?? 'identity';
  if (coding.toLowerCase() !== 'identity') {
    throw new ApiError('unsupported-media-type', 'the body must not be compressed or otherwise coded');
  }
};

const checkMediaType = ([contentType, ...others]: readonly string[]): void => {
  const type = contentType === undefined || others.length > 0 ? undefined : parseMime(contentType);
  if (type?.essence !== 'application/json') {
    throw new ApiError('unsupported-media-type', 'the content type must be application/json');
  }
  const charsets = [...contentType!.matchAll(/;\s*charset\s*=\s*"?([^";]*)/gi)].map(([, charset]) =>
    charset!.trim(),
  );
  if (charsets.length > 1 || (charsets[0] ?? 'utf-8').toLowerCase() !== 'utf-8') {
    throw new ApiError('unsupported-media-type', 'the charset of the body must be utf-8');
  }
};

const parseMime = (contentType: string): MIMEType | undefined => {
  try {
    return new MIMEType(contentType);
  } catch {
    return undefined;
  }
};

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const parseJson = (body: Buffer): unknown => {
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    throw new ApiError('bad-request', 'the body is not valid UTF-8');
  }
  if (text.startsWith('\ufeff')) throw new ApiError('bad-request', 'the body begins with a byte order mark');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ApiError(
      'bad-request',
      text.trim() === '' ? 'the body is empty, not JSON' : 'the body is not JSON',
    );
  }
};
