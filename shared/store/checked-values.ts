/**
 * Values as they lie on disk: a CRC-32 (4 bytes, little endian), then MessagePack. The checksum runs over the value, its key
 * and the name of its table, so that a value in another one's place is found too.
 *
 * Field names are not in each value: a table has a list of them (its structures), which is a checked value itself.
 */
import { crc32 } from 'node:zlib';
import { Packr, RESERVE_START_SPACE } from 'msgpackr';

export interface CheckedValue {
  readonly value: unknown;
  readonly checksum: number;
}

export interface ValueCodec {
  /** Throws when the value cannot be written. The checksum is the first four bytes. */
  encode(mapKey: string | number, value: unknown): Buffer;
  /** Undefined: damaged. */
  decode(mapKey: string | number, bytes: Buffer): CheckedValue | undefined;
  /** Whether the bytes are what was written; undefined if not. */
  checksum(mapKey: string | number, bytes: Buffer): number | undefined;
}

/** Where the structures of one table are kept. `save` is called while a value is encoded. */
export interface Structures {
  load(): unknown[];
  save(structures: unknown[]): void;
}

const CHECKSUM_BYTES = 4;

export const checksumOf = (bytes: Buffer): number => bytes.readUInt32LE(0);

export const valueCodec = (table: string, structures?: Structures): ValueCodec => {
  const seed = crc32(table);
  const packr =
    structures === undefined
      ? new Packr({ useRecords: false })
      : new Packr({
          getStructures: () => structures.load() as object[],
          saveStructures: (all) => structures.save(all as unknown[]),
        });
  const sumOf = (mapKey: string | number, bytes: Buffer): number =>
    crc32(bytes.subarray(CHECKSUM_BYTES), crc32(String(mapKey), seed));
  const checksum = (mapKey: string | number, bytes: Buffer): number | undefined => {
    if (bytes.length <= CHECKSUM_BYTES) return undefined;
    const expected = sumOf(mapKey, bytes);
    return expected === checksumOf(bytes) ? expected : undefined;
  };
  return {
    encode: (mapKey, value) => {
      const bytes = packr.pack(value, RESERVE_START_SPACE | CHECKSUM_BYTES);
      bytes.writeUInt32LE(sumOf(mapKey, bytes), 0);
      return bytes;
    },
    decode: (mapKey, bytes) => {
      const found = checksum(mapKey, bytes);
      if (found === undefined) return undefined;
      return { value: packr.unpack(bytes.subarray(CHECKSUM_BYTES)) as unknown, checksum: found };
    },
    checksum,
  };
};
