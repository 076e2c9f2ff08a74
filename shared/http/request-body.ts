/** The body of a request: JSON in UTF-8, whatever it is sent as; everything else is refused with a clear error. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MIMEType } from 'node:util';
import { ApiError } from './errors.ts';

export const BODY_MAX_BYTES = 64 * 1024;

export const acceptJsonBodies = (app: FastifyInstance): void => {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: BODY_MAX_BYTES },
    async (request: FastifyRequest, body: Buffer) => {
      // The path or the method is the fault then, not the body.
      if (request.is404) return undefined;
      if (request.method === 'DELETE' && body.length === 0) return undefined;
      checkContentType(request.headers['content-type']);
      return parseJson(body);
    },
  );
};

/** For a request without any body, which the parser above never sees. */
export const checkContentType = (contentType: string | undefined): void => {
  const type = parseMime(contentType);
  if (type?.essence !== 'application/json') {
    throw new ApiError('unsupported-media-type', 'the content type must be application/json');
  }
  const charset = type.params.get('charset');
  if (charset !== null && charset.toLowerCase() !== 'utf-8') {
    throw new ApiError('unsupported-media-type', 'the charset of the body must be utf-8');
  }
};

const parseMime = (contentType: string | undefined): MIMEType | undefined => {
  if (contentType === undefined) return undefined;
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
