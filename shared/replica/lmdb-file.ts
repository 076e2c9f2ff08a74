/**
 * Is this file whole enough for LMDB to open it? LMDB maps it into memory and trusts what it finds, so a damaged file
 * does not throw, it kills the process. Looked at here: both meta pages, and that no page behind them is missing.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';

const META_BYTES = 24 + 136;
// Offsets in a meta page of LMDB 1.0, after its header of 24 bytes; little endian.
const MAGIC_AT = 24;
const MAGIC = 0xbeefc0de;
const PAGE_SIZE_AT = 48;
const LAST_PAGE_AT = 144;
const TRANSACTION_AT = 152;

export const looksWhole = (file: string): boolean => {
  const size = statSync(file).size;
  const handle = openSync(file, 'r');
  try {
    const first = readMeta(handle, 0);
    if (first === undefined) return false;
    const second = readMeta(handle, first.pageSize);
    if (second === undefined) return false;
    const newest = first.transaction > second.transaction ? first : second;
    return size >= (Number(newest.lastPage) + 1) * first.pageSize;
  } finally {
    closeSync(handle);
  }
};

const readMeta = (
  handle: number,
  at: number,
): { pageSize: number; lastPage: bigint; transaction: bigint } | undefined => {
  const page = Buffer.alloc(META_BYTES);
  if (readSync(handle, page, 0, META_BYTES, at) < META_BYTES || page.readUInt32LE(MAGIC_AT) !== MAGIC)
    return undefined;
  return {
    pageSize: page.readUInt32LE(PAGE_SIZE_AT),
    lastPage: page.readBigUInt64LE(LAST_PAGE_AT),
    transaction: page.readBigUInt64LE(TRANSACTION_AT),
  };
};
