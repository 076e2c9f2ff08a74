/** The one outermost layer for what went wrong: every error goes out in one shape, with its code. */
import type { Context } from 'koa';
import type { Logger } from '../process/logger.ts';
import { ApiError, ERROR_CODE_HEADER, errorBody } from './errors.ts';
import { sendJson } from './route.ts';

export const sendError = (logger: Logger, context: Context, error: unknown): void => {
  const known = error instanceof ApiError ? error : INTERNAL;
  if (known.code === 'internal') logger.error({ err: error }, 'a request failed for a reason of our own');
  // The answer has begun, and cannot be another one.
  if (context.headerSent) return;
  for (const header of OF_A_SUCCESS) context.remove(header);
  context.set({ ...known.headers, [ERROR_CODE_HEADER]: known.code });
  sendJson(context, known.status, errorBody(known.message));
};

/** What a handler may have set before it failed. */
const OF_A_SUCCESS = ['etag', 'link', 'location', 'preference-applied'];

const INTERNAL = new ApiError(
  'internal',
  'something failed on our side; whether a write took effect is not known',
);
