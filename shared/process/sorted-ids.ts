/** A set of numbers in ascending order, in short arrays: a change moves one array, a read from the middle looks for one. */

const CHUNK_MAX = 1_024;

export interface SortedIds {
  add(id: number): void;
  delete(id: number): void;
  /** Ids above `after`, ascending. Only valid until the next change. */
  above(after: number): Iterable<number>;
  readonly size: number;
}

export const createSortedIds = (): SortedIds => {
  /** None is empty; each is ascending, and all of it is below the next one. */
  const chunks: number[][] = [];
  let size = 0;

  /** The first chunk whose last id is at least `id`. */
  const chunkAt = (id: number): number => firstIndex(chunks.length, (index) => chunks[index]!.at(-1)! >= id);
  const placeIn = (chunk: readonly number[], id: number): number =>
    firstIndex(chunk.length, (index) => chunk[index]! >= id);

  return {
    add: (id) => {
      if (chunks.length === 0) chunks.push([]);
      const at = Math.min(chunkAt(id), chunks.length - 1);
      const chunk = chunks[at]!;
      const place = placeIn(chunk, id);
      if (chunk[place] === id) return;
      chunk.splice(place, 0, id);
      size++;
      // Ids mostly ascend: a full last chunk stays full, and a new one begins.
      const isAppended = at === chunks.length - 1 && place === chunk.length - 1;
      if (chunk.length > CHUNK_MAX)
        chunks.splice(at + 1, 0, chunk.splice(isAppended ? CHUNK_MAX : CHUNK_MAX / 2));
    },
    delete: (id) => {
      const at = chunkAt(id);
      const chunk = chunks[at];
      if (chunk === undefined) return;
      const place = placeIn(chunk, id);
      if (chunk[place] !== id) return;
      chunk.splice(place, 1);
      size--;
      if (chunk.length === 0) chunks.splice(at, 1);
    },
    *above(after) {
      for (let at = chunkAt(after + 1); at < chunks.length; at++) {
        const chunk = chunks[at]!;
        for (let place = placeIn(chunk, after + 1); place < chunk.length; place++) yield chunk[place]!;
      }
    },
    get size() {
      return size;
    },
  };
};

/** The first index that holds, or `length`; what holds once holds for all that follow. */
const firstIndex = (length: number, holds: (index: number) => boolean): number => {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
};
