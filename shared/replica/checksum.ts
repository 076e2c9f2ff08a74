/**
 * Checksums of 32 bits over a value, its key and the name of its table. Each step is a bijection of the sum so far and takes
 * four bytes, so any change within four bytes is found for certain, and any other with 1 - 2^-32.
 *
 * Not `crc32` of node:zlib: a value has some 150 bytes, and the way into native code and a view of them for it cost more than
 * the sum itself (a tenth of the rate at which the log is folded).
 */
const MULTIPLIER = 0x9e3779b1;

const mixed = (sum: number, word: number): number => {
  const next = Math.imul(sum ^ word, MULTIPLIER);
  return next ^ (next >>> 15);
};

export const textChecksum = (text: string, seed: number): number => {
  let sum = mixed(seed, text.length);
  for (let at = 0; at < text.length; at++) sum = mixed(sum, text.charCodeAt(at));
  return sum;
};

const numberChecksum = (value: number, seed: number): number =>
  Number.isSafeInteger(value)
    ? mixed(mixed(seed, value | 0), Math.floor(value / 2 ** 32))
    : textChecksum(String(value), seed);

/** Of the bytes from `start` to `end`, under a key; between 0 and 2^32 - 1. */
export const valueChecksum = (
  seed: number,
  mapKey: string | number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number => {
  let sum = typeof mapKey === 'number' ? numberChecksum(mapKey, seed) : textChecksum(mapKey, seed);
  sum = mixed(sum, end - start);
  let at = start;
  for (; at + 4 <= end; at += 4)
    sum = mixed(sum, bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
  for (; at < end; at++) sum = mixed(sum, bytes[at]!);
  return sum >>> 0;
};
