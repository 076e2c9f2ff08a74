/**
 * Records to bytes and back: Avro in the Confluent wire format (a zero byte, the schema's id in four bytes, the record).
 * A reader that meets a record type, or a field with another value than its default, that it does not know stops and says so;
 * skipping would fork the world. What no release can read is told apart from that, so that each reader can apply the policy of
 * its topic (record-reader.ts).
 */
import { payloadHash, type Command } from '../domain/command.ts';
import type { OriginalEntry, Outcome } from '../domain/outcome.ts';
import type { Thing } from '../domain/thing.ts';
import { topicName } from './topics.ts';
import { StartError } from '../process/lifecycle.ts';
import { addedFieldFaults } from './added-field-check.ts';
import { loadRecordSchemas, parseAvroType, RECORD_NAMESPACE, type RecordSchema } from './record-schemas.ts';
import type { SchemaRegistry } from './schema-registry.ts';
import { unknownFieldSearch } from './unknown-fields.ts';

export type ThingRecord = Thing & { readonly type: 'thing' };
export type PlaygroundRecord = Command | Outcome | OriginalEntry | ThingRecord;

/** A value that no release can read, whatever it knows. */
export interface UnreadableRecord {
  readonly type: 'unreadable';
  readonly reason: string;
}

export interface RecordCodec {
  /** Throws when the record does not fit its schema: a fault of the code, never of the data. */
  encode(record: PlaygroundRecord): Buffer;
  /**
   * Throws UnknownRecordError for what a newer release says and this one does not know (a record type, a field that is set),
   * and UnknownIdError for an id that the registry does not know.
   */
  decode(values: readonly Buffer[]): Promise<(PlaygroundRecord | UnreadableRecord)[]>;
  /**
   * What the digest of the chain runs over: the fingerprint of the writer's schema (SHA-256 of its parsing canonical form, 32
   * bytes), then the Avro payload. It is the same in every registry. For values that this codec has encoded or decoded.
   */
  chainBytes(value: Buffer): Buffer;
}

/** The registry does not know the id now; one of its nodes may not have it yet. Nothing may go on behind it. */
export class UnknownIdError extends Error {
  override readonly name = 'UnknownIdError';
}

/** This release cannot read the record: it must not read past it, and a restart of the same release does not help. */
export class UnknownRecordError extends StartError {
  override readonly name = 'UnknownRecordError';
}

const HEADER_BYTES = 5;
const SCRATCH_BYTES = 128 * 1024;

interface Decoder {
  /** Of a record of ours. */
  readonly fingerprint?: Buffer;
  readonly decode: (value: Buffer) => PlaygroundRecord | UnreadableRecord;
}

/** Registers every schema of the repo; throws IncompatibleSchemaError. */
export const createRecordCodec = async (
  registry: SchemaRegistry,
  namespace: string,
): Promise<RecordCodec> => {
  const encoders = await registerSchemas(registry, namespace);
  const byName = new Map([...encoders.values()].map(({ schema }) => [schema.name, schema]));
  const fingerprints = new Map(
    [...encoders.values()].map(({ schema, id }) => [id, fingerprintOf(schema.json)]),
  );
  const decoders = new Map<number, Decoder>();
  const scratch = Buffer.allocUnsafe(SCRATCH_BYTES);

  const loadDecoder = async (id: number): Promise<Decoder> => {
    const registered = await registry.schema(id);
    if (registered === undefined) throw new UnknownIdError(unknownId(registry, id));
    const { avro: json } = registered;
    if (json === undefined) return stranger('not Avro');
    const writer = parseAvroType(json);
    const name = writer.name ?? '(unnamed)';
    const fingerprint = fingerprintOf(json);
    const reader = byName.get(name);
    if (reader !== undefined) return { fingerprint, decode: decoderOf(reader, writer, registry, id) };
    if (name.startsWith(`${RECORD_NAMESPACE}.`))
      throw new UnknownRecordError(
        `this release does not know the record type ${name} (id ${id} in ${registry.name}); update it`,
      );
    return stranger(`a ${name}`);
  };
  const decoderFor = async (value: Buffer): Promise<Decoder | undefined> => {
    if (!isWireFormat(value)) return undefined;
    const id = idOf(value);
    const known = decoders.get(id) ?? (await loadDecoder(id));
    decoders.set(id, known);
    if (known.fingerprint !== undefined) fingerprints.set(id, known.fingerprint);
    return known;
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
      const records: (PlaygroundRecord | UnreadableRecord)[] = [];
      for (const value of values) {
        // Nearly always known: no promise then.
        const decoder = decoders.get(isWireFormat(value) ? idOf(value) : -1) ?? (await decoderFor(value));
        records.push(decoder?.decode(value) ?? NOT_WIRE_FORMAT);
      }
      return records;
    },
    chainBytes: (value) => {
      const fingerprint = fingerprints.get(idOf(value));
      if (fingerprint === undefined) throw new Error('this value was neither encoded nor decoded here');
      return Buffer.concat([fingerprint, value.subarray(HEADER_BYTES)]);
    },
  };
};

/**
 * One after the other, in a fixed order: the same schemas get the same ids in every empty registry. The states for other
 * consumers have a second subject, under the name that Confluent's tools look for.
 */
const registerSchemas = async (
  registry: SchemaRegistry,
  namespace: string,
): Promise<Map<string, { schema: RecordSchema; id: number }>> => {
  const encoders = new Map<string, { schema: RecordSchema; id: number }>();
  const schemas = loadRecordSchemas();
  const faults = addedFieldFaults(schemas);
  if (faults.length > 0) throw new StartError(`the schemas do not fit this release: ${faults.join('; ')}`);
  for (const schema of schemas) {
    const topic = topicName(namespace, schema.topic);
    const id = await registry.register(`${topic}-${schema.name}`, schema.json);
    encoders.set(schema.type, { schema, id });
    if (schema.topic === 'things') await registry.register(`${topic}-value`, schema.json);
  }
  return encoders;
};

const NOT_WIRE_FORMAT: UnreadableRecord = {
  type: 'unreadable',
  reason: 'it is not in the Confluent wire format',
};

const stranger = (what: string): Decoder => {
  const unreadable = { type: 'unreadable', reason: `it is ${what}, which is no record of ours` } as const;
  return { decode: () => unreadable };
};

const isWireFormat = (value: Buffer): boolean => value.length >= HEADER_BYTES && value[0] === 0;
const idOf = (value: Buffer): number => value.readUInt32BE(1);

const fingerprintOf = (json: string): Buffer => Buffer.from(parseAvroType(json).fingerprint('sha256'));

const decoderOf = (
  { avroType, type }: RecordSchema,
  writer: AvroType,
  registry: SchemaRegistry,
  id: number,
): Decoder['decode'] => {
  const resolver = resolverOf(avroType, writer, `id ${id} in ${registry.name}`);
  const unknownField = unknownFieldSearch(writer, avroType);
  const unreadable = (what: string): UnreadableRecord => ({
    type: 'unreadable',
    reason: `${what}; its schema id ${id} is ${writer.name} in ${registry.name}`,
  });
  return (value) => {
    try {
      const { value: record, offset } = avroType.decode(value, HEADER_BYTES, resolver);
      if (offset !== value.length) return unreadable('it is cut or too long');
      const field = unknownField?.(writer.decode(value, HEADER_BYTES).value);
      if (field !== undefined) throw new UnknownRecordError(setsUnknownField(writer.name, field));
      const read = { type, ...record } as PlaygroundRecord;
      return hasOwnHash(read) ? read : unreadable('its payload hash is that of another request');
    } catch (error) {
      if (error instanceof UnknownRecordError) throw error;
      return unreadable(`it does not decode (${(error as Error).message})`);
    }
  };
};

/** A command on Things carries a hash over its fields; a stored answer is found by it. */
const hasOwnHash = (record: PlaygroundRecord): boolean =>
  (record.type !== 'create' && record.type !== 'update' && record.type !== 'delete') ||
  record.payloadHash === payloadHash(record);

type AvroType = ReturnType<typeof parseAvroType>;

const resolverOf = (
  reader: AvroType,
  writer: AvroType,
  id: string,
): ReturnType<AvroType['createResolver']> => {
  try {
    return reader.createResolver(writer);
  } catch (error) {
    throw new UnknownRecordError(
      `this release cannot read ${writer.name} (${id}): ${(error as Error).message}; update it`,
      { cause: error },
    );
  }
};

const setsUnknownField = (name: string | undefined, field: string): string =>
  `a ${String(name)} sets the field ${field}, which this release does not know and would lose; update it`;

const unknownId = (registry: SchemaRegistry, id: number): string =>
  `${registry.name} does not know the schema id ${id}: it is not the registry that the log was written with, or it has ` +
  'lost its schemas. Point SCHEMA_REGISTRY_URL at the right one, or restore it';
