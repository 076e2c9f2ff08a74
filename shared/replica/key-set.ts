/**
 * A set of texts that keeps 48 bits of each: 8 to 16 bytes per text, by open addressing. A text that is not in the set is
 * reported as present once in (2^48 / number of texts) look-ups. Each process draws a new seed, because clients choose keys:
 * no client can construct two keys that collide.
 */
import { randomBytes } from 'node:crypto';
import { textChecksum } from './checksum.ts';

export interface KeySet {
  has(text: string): boolean;
  add(text: string): void;
  delete(text: string): void;
}

/** A power of two, as all capacities. */
const CAPACITY_FIRST = 1_024;
const FULL = 0.75;
/** Prints of places without a text. */
const FREE = 0;
const DELETED = 1;

export const createKeySet = (): KeySet => {
  const [placeSeed, printSeed] = [randomBytes(4).readInt32LE(), randomBytes(4).readInt32LE()];
  let places = new Uint32Array(CAPACITY_FIRST);
  let prints = new Uint16Array(CAPACITY_FIRST);
  /** With a text, or with a deleted one. */
  let used = 0;
  let there = 0;

  const placeOf = (text: string): number => textChecksum(text, placeSeed) >>> 0;
  const printOf = (text: string): number => {
    const print = Math.imul(textChecksum(text, printSeed), 0x85ebca6b) >>> 16;
    return print <= DELETED ? print + 2 : print;
  };
  /** Where the text is; else, as a negative number, the place that it may take (-1 - place). */
  const find = (place: number, print: number): number => {
    const mask = prints.length - 1;
    let free = -1;
    for (let at = place & mask; ; at = (at + 1) & mask) {
      const found = prints[at]!;
      if (found === print && places[at] === place) return at;
      if (found === DELETED && free < 0) free = at;
      if (found === FREE) return -1 - (free < 0 ? at : free);
    }
  };
  const put = (place: number, print: number): void => {
    const at = find(place, print);
    if (at >= 0) return;
    if (prints[-1 - at] === FREE) used++;
    places[-1 - at] = place;
    prints[-1 - at] = print;
    there++;
  };
  const makeRoom = (): void => {
    const [oldPlaces, oldPrints] = [places, prints];
    const capacity = there > (oldPrints.length * FULL) / 2 ? oldPrints.length * 2 : oldPrints.length;
    places = new Uint32Array(capacity);
    prints = new Uint16Array(capacity);
    used = 0;
    there = 0;
    oldPrints.forEach((print, at) => {
      if (print > DELETED) put(oldPlaces[at]!, print);
    });
  };
  return {
    has: (text) => find(placeOf(text), printOf(text)) >= 0,
    add: (text) => {
      if (used >= prints.length * FULL) makeRoom();
      put(placeOf(text), printOf(text));
    },
    delete: (text) => {
      const at = find(placeOf(text), printOf(text));
      if (at < 0) return;
      prints[at] = DELETED;
      there--;
    },
  };
};
