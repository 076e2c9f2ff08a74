/**
 * A list of Things, read and sent in slices of bytes: however slow its reader and however large its rows, a response holds one
 * slice. What was read beyond a slice is dropped and read again.
 */
import { SLICE_MAX_BYTES } from '../http/json-array.ts';
import type { ThingsBackend } from './things-backend.ts';

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
