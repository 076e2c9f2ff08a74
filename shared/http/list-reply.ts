/** A list as the answer of a route: sent slice by slice on the response itself, past what the framework would buffer. */
import type { Context } from 'koa';
import type { Logger } from '../process/logger.ts';
import { jsonArray, sendTexts } from './list-slices.ts';
import { JSON_TYPE } from './route.ts';

/** The headers are sent with the first slice; what fails before it is answered as any error. HEAD has the headers alone. */
export const sendJsonArray = async (
  context: Context,
  logger: Logger,
  slices: AsyncIterable<readonly { json: string }[]>,
): Promise<void> => {
  context.set('content-type', JSON_TYPE);
  const begin = (): void => {
    context.respond = false;
    context.res.statusCode = context.status;
  };
  if (context.method === 'HEAD') {
    begin();
    context.res.end();
    return;
  }
  try {
    await sendTexts(context.res, jsonArray(slices), begin);
  } catch (error) {
    if (context.respond !== false) throw error;
    logger.warn({ err: error }, 'a list broke off: its connection is cut');
  }
};
