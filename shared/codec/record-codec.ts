/**
 * Records to bytes and back: Avro in the Confluent wire format (a zero byte, the schema's id in four bytes, the record).
 * A reader that meets a record type or format that it does not know stops and says so; skipping would fork the world.
 */
import type { Command } from '../domain/command.ts';
import type { OriginalEntry, Outcome } from '../domain/outcome.ts';
import type { Thing } from '../domain/thing.ts';
import { topicName } from '../log/topics.ts';
import { loadRecordSchemas, parseAvroType, type RecordSchema } from './record-schemas.ts';
import type { SchemaRegistry } from './schema-registry.ts';

export type ThingRecord = Thing & { readonly type: 'thing' };
export type PlaygroundRecord = Command | Outcome | OriginalEntry | ThingRecord;

export interface RecordCodec {
  /** Throws when the record does not fit its schema: a fault of the code, never of the data. */
  encode(record: PlaygroundRecord): Buffer;
  /** Throws UnknownRecordError. All values of one call are decoded, or none. */
  decode(values: readonly Buffer[]): Promise<PlaygroundRecord[]>;
}

export class UnknownRecordError extends Error {
  override readonly name = 'UnknownRecordError';
}

const HEADER_BYTES = 5;
const SCRATCH_BYTES = 128 * 1024;

/** Registers every schema of the repo; throws IncompatibleSchemaError. */
export const createRecordCodec = async (
  registry: SchemaRegistry,
  namespace: string,
): Promise<RecordCodec> => {
  const registered = loadRecordSchemas().map(async (schema) => {
    const id = await registry.register(subjectOf(namespace, schema), schema.json);
    return [schema.type, { schema, id }] as const;
  });
  const encoders = new Map<string, { schema: RecordSchema; id: number }>(await Promise.all(registered));
  const byName = new Map([...encoders.values()].map(({ schema }) => [schema.name, schema]));
  const decoders = new Map<number, (value: Buffer) => PlaygroundRecord>();
  const scratch = Buffer.allocUnsafe(SCRATCH_BYTES);

  const loadDecoder = async (id: number): Promise<(value: Buffer) => PlaygroundRecord> => {
    const writer = parseAvroType(await registry.schema(id));
    const reader = byName.get(writer.name ?? '');
    if (reader === undefined) {
      throw new UnknownRecordError(
        `this release does not know the record type ${writer.name ?? '(unnamed)'}; update it`,
      );
    }
    const { avroType, type } = reader;
    const resolver = avroType.createResolver(writer);
    return (value) => {
      const { value: record, offset } = avroType.decode(value, HEADER_BYTES, resolver);
      if (offset !== value.length)
        throw new UnknownRecordError(`a record of type ${type} is cut or too long`);
      return { type, ...record } as PlaygroundRecord;
    };
  };

  return {
    encode: (record) => {
      const encoder = encoders.get(record.type);
      if (encoder === undefined) throw new Error(`no schema for the record type ${record.type}`);
      const { avroType } = encoder.schema;
      scratch[0] = 0;
      scratch.writeUInt32BE(encoder.id, 1);
      const end = avroType.encode(record, scratch, HEADER_BYTES);
      if (end >= 0) return Buffer.from(scratch.subarray(0, end));
      return Buffer.concat([scratch.subarray(0, HEADER_BYTES), avroType.toBuffer(record)]);
    },
    decode: async (values) => {
      const records: PlaygroundRecord[] = [];
      for (const value of values) {
        if (value.length < HEADER_BYTES || value[0] !== 0) {
          throw new UnknownRecordError('a record is not in the Confluent wire format');
        }
        const id = value.readUInt32BE(1);
        let decoder = decoders.get(id);
        if (decoder === undefined) {
          decoder = await loadDecoder(id);
          decoders.set(id, decoder);
        }
        records.push(decoder(value));
      }
      return records;
    },
  };
};

const subjectOf = (namespace: string, schema: RecordSchema): string =>
  `${topicName(namespace, schema.topic)}-${schema.name.split('.').at(-1)}`;
