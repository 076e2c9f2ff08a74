/**
 * A list of Things, read and sent in slices of bytes: however slow its reader and however large its rows, a response holds one
 * slice. What was read beyond a slice is dropped and read again.
 */
import type { ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { ThingsBackend } from './things-backend.ts';

export const SLICE_MAX_BYTES = 64 * 1024;
/** The first read of a list; the next ones follow from the size of the rows. */
const FIRST_READ_THINGS = 32;
const READ_MAX_THINGS = 500;

type ReadThings = ThingsBackend['things'];
type Row = Awaited<ReturnType<ReadThings>>[number];
interface Slice {
  readonly rows: readonly Row[];
  readonly bytes: number;
  readonly isLast: boolean;
}

/** Everything with an id above `after`, in slices; a row that is larger than `maxBytes` is one of its own. */
export async function* rowSlices(
  things: ReadThings,
  after: number,
  maxBytes = SLICE_MAX_BYTES,
  readMax = READ_MAX_THINGS,
): AsyncGenerator<readonly Row[]> {
  let [from, count] = [after, Math.min(readMax, FIRST_READ_THINGS)];
  for (;;) {
    // What was read and is not taken must not be held while the reader is waited for.
    const { rows, bytes, isLast } = sliceOf(await things(from, count), count, maxBytes);
    if (rows.length > 0) yield rows;
    if (isLast) return;
    from = rows.at(-1)!.id;
    count = Math.max(1, Math.min(readMax, Math.floor(maxBytes / (bytes / rows.length))));
  }
}

const sliceOf = (read: readonly Row[], asked: number, maxBytes: number): Slice => {
  let [length, bytes] = [0, 0];
  for (const { json } of read) {
    const size = Buffer.byteLength(json) + 1;
    if (length > 0 && bytes + size > maxBytes) break;
    length++;
    bytes += size;
  }
  return { rows: read.slice(0, length), bytes, isLast: read.length < asked && length === read.length };
};

export interface Page {
  /** Ids, at most `limit`. */
  readonly ids: readonly number[];
  readonly hasMore: boolean;
  /** The JSON of all of them, if they fit in one slice. */
  readonly json: readonly string[] | undefined;
}

/** What a page shows, before its headers are sent. A larger one than a slice is read again while it is sent. */
export const planPage = async (
  things: ReadThings,
  after: number,
  limit: number,
  maxBytes = SLICE_MAX_BYTES,
): Promise<Page> => {
  const ids: number[] = [];
  let json: string[] | undefined = [];
  let held = 0;
  for await (const rows of rowSlices(things, after, maxBytes, Math.min(READ_MAX_THINGS, limit + 1))) {
    for (const row of rows) {
      if (ids.length === limit) return { ids, hasMore: true, json };
      ids.push(row.id);
      held += Buffer.byteLength(row.json);
      if (held > maxBytes) json = undefined;
      json?.push(row.json);
    }
  }
  return { ids, hasMore: false, json };
};

/** The rows of a page that are still there. */
export async function* pageSlices(
  things: ReadThings,
  after: number,
  { ids }: Page,
): AsyncGenerator<readonly Row[]> {
  const shown = new Set(ids);
  const last = ids.at(-1) ?? after;
  for await (const rows of rowSlices(things, after)) {
    yield rows.filter(({ id }) => shown.has(id));
    if (rows.at(-1)!.id >= last) return;
  }
}

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
export const sendTexts = async (
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
