/** A JSON array as an answer: sent slice by slice on the response itself, past what the framework would buffer. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Context } from 'koa';
import type { Logger } from '../process/logger.ts';
import { JSON_TYPE } from './route.ts';

export const SLICE_MAX_BYTES = 64 * 1024;

/** The headers are sent with the first slice; what fails before it is answered as any error. HEAD has the headers alone. */
export const sendJsonArray = async (
  context: Context,
  logger: Logger,
  slices: AsyncIterable<readonly { json: string }[]>,
): Promise<void> => {
  context.set('content-type', JSON_TYPE);
  const begin = (): void => {
    context.respond = false;
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

/** The texts of a JSON array, none longer than a slice and a bracket. */
export async function* jsonArray(slices: AsyncIterable<readonly { json: string }[]>): AsyncGenerator<string> {
  let before = '[';
  for await (const rows of slices) {
    if (rows.length === 0) continue;
    yield `${before}${rows.map(({ json }) => json).join(',')}`;
    before = ',';
  }
  yield before === '[' ? '[]' : ']';
}

/** Rows that are in memory already, by the size of a slice. */
export async function* inSlices(rows: Iterable<string>): AsyncGenerator<readonly { json: string }[]> {
  let [slice, length]: [{ json: string }[], number] = [[], 0];
  for (const json of rows) {
    if (length > 0 && length + json.length > SLICE_MAX_BYTES) {
      yield slice;
      [slice, length] = [[], 0];
    }
    slice.push({ json });
    length += json.length + 1;
  }
  yield slice;
}

/**
 * Sends the texts; asks for the next one when the client has taken what was sent. Rejects, before anything is sent, when the
 * first text cannot be had; later failures cut the connection, and reject too. A client that goes away ends it.
 */
const sendTexts = async (
  response: ServerResponse,
  texts: AsyncGenerator<string>,
  begin: () => void,
): Promise<void> => {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    let { value, done } = await texts.next();
    begin();
    for (; done !== true && !response.destroyed; { value, done } = await texts.next()) {
      if (response.write(Buffer.from(value))) continue;
      await once(response, 'drain', { signal: gone.signal }).catch(() => undefined);
    }
    response.end();
  } catch (error) {
    if (response.headersSent) response.destroy();
    throw error;
  } finally {
    await texts.return(undefined);
  }
};
