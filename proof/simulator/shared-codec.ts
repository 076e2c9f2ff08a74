/**
 * The real codec, decoding each value once for all who read it: in one process they get the same buffer, and nobody
 * changes what was decoded.
 */
import {
  createRecordCodec,
  type PlaygroundRecord,
  type RecordCodec,
  type UnreadableRecord,
} from '../../shared/records/record-codec.ts';
import { memorySchemaRegistry } from '../../shared/records/schema-registry.ts';

export const createSharedCodec = async (namespace: string): Promise<RecordCodec> => {
  const codec = await createRecordCodec(memorySchemaRegistry(), namespace);
  const known = new WeakMap<Buffer, PlaygroundRecord | UnreadableRecord>();
  return {
    encode: codec.encode,
    chainBytes: codec.chainBytes,
    decode: async (values) => {
      const unknown = values.filter((value) => !known.has(value));
      if (unknown.length > 0) {
        const records = await codec.decode(unknown);
        for (const [index, value] of unknown.entries()) known.set(value, records[index]!);
      }
      return values.map((value) => known.get(value)!);
    },
  };
};

/**
 * As another release of the updater would read commands, which decides some of them otherwise: it takes every third
 * update for one of a version that never was, and refuses it.
 */
export const otherRelease = (codec: RecordCodec): RecordCodec => ({
  encode: codec.encode,
  chainBytes: codec.chainBytes,
  decode: async (values) =>
    (await codec.decode(values)).map((record) =>
      record.type === 'update' && record.requestedOn % 3 === 0
        ? { ...record, version: record.version + 1_000_000 }
        : record,
    ),
});
