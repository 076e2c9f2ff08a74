/** The body of a request: JSON in UTF-8, whatever it is sent as; everything else is refused with a clear error. */
import type { IncomingMessage } from 'node:http';
import { MIMEType } from 'node:util';
import getRawBody from 'raw-body';
import { ApiError } from './errors.ts';
import { hasBody, headerValues } from './request-headers.ts';

const BODY_MAX_BYTES = 64 * 1024;

/** Reads the body. Undefined: a DELETE without one. Throws ApiError. */
export const readJsonBody = async (message: IncomingMessage): Promise<unknown> => {
  const bytes = await readBody(message);
  if (bytes.length === 0 && message.method === 'DELETE') return undefined;
  checkContentType(message);
  return parseJson(bytes);
};

const readBody = async (message: IncomingMessage): Promise<Buffer> => {
  if (!hasBody(message)) return Buffer.alloc(0);
  try {
    return await getRawBody(message, {
      limit: BODY_MAX_BYTES,
      length: message.headers['content-length'] ?? null,
    });
  } catch (error) {
    if ((error as getRawBody.RawBodyError).type === 'entity.too.large')
      // What the client still sends is not read.
      throw new ApiError('too-large', `the body is larger than ${BODY_MAX_BYTES} bytes`, {
        connection: 'close',
      });
    throw new ApiError('bad-request', `the body could not be read: ${(error as Error).message}`);
  }
};

/** Throws 415 unless the body is plain JSON in UTF-8 by its headers. */
const checkContentType = (message: IncomingMessage): void => {
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
