/**
 * Values as they lie on disk: a checksum (4 bytes, little endian), then MessagePack. It runs over the key and the name of the
 * table too, so that a value in another one's place is found.
 *
 * Field names are not in each value: a table has a list of them (its structures), which is a checked value itself.
 */
import { Packr, RESERVE_START_SPACE, REUSE_BUFFER_MODE } from 'msgpackr';
import { textChecksum, valueChecksum } from './checksum.ts';

export interface CheckedValue {
  readonly value: unknown;
  readonly checksum: number;
}

/** A value as LMDB takes it: part of a larger buffer, from `start` to `end`, or all of it. */
export type EncodedValue = Buffer & { readonly start?: number; readonly end?: number };

export interface ValueCodec {
  /** Throws when the value cannot be written. To be used before anything else is encoded. */
  encode(mapKey: string | number, value: unknown): EncodedValue;
  /** Undefined: damaged. `bytes` has one value from its beginning, and is not kept. */
  decode(mapKey: string | number, bytes: Buffer): CheckedValue | undefined;
  /** Undefined: damaged. */
  checksum(mapKey: string | number, bytes: Buffer): number | undefined;
}

/** Where the structures of one table are kept. `save` is called while a value is encoded. */
export interface Structures {
  load(): unknown[];
  save(structures: unknown[]): void;
}

const CHECKSUM_BYTES = 4;

export const checksumOf = (bytes: EncodedValue): number => bytes.readUInt32LE(bytes.start ?? 0);

export const valueCodec = (table: string, structures?: Structures): ValueCodec => {
  const seed = textChecksum(table, 1);
  const packr =
    structures === undefined
      ? new Packr({ useRecords: false })
      : new Packr({
          getStructures: () => structures.load() as object[],
          saveStructures: (all) => structures.save(all),
        });
  const checksum = (mapKey: string | number, bytes: Buffer): number | undefined => {
    if (bytes.length <= CHECKSUM_BYTES) return undefined;
    const expected = valueChecksum(seed, mapKey, bytes, CHECKSUM_BYTES, bytes.length);
    return expected === checksumOf(bytes) ? expected : undefined;
  };
  return {
    encode: (mapKey, value) => {
      const bytes: EncodedValue = packr.pack(value, RESERVE_START_SPACE | REUSE_BUFFER_MODE | CHECKSUM_BYTES);
      const { start = 0, end = bytes.length } = bytes;
      bytes.writeUInt32LE(valueChecksum(seed, mapKey, bytes, start + CHECKSUM_BYTES, end), start);
      return bytes;
    },
    decode: (mapKey, bytes) => {
      const found = checksum(mapKey, bytes);
      if (found === undefined) return undefined;
      const value: unknown = packr.unpack(bytes, { start: CHECKSUM_BYTES, end: bytes.length });
      return { value, checksum: found };
    },
    checksum,
  };
};
