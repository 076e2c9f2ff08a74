/**
 * Which records lie on which topic. One `.avsc` file per record; each record has a subject of its own,
 * `<topic>-<full record name>` (Confluent's TopicRecordNameStrategy), so that a new record type is a new subject and an old
 * reader meets an unknown name, not a union that it half understands.
 */
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import avro from 'avsc';
import { TOPICS, type TopicSuffix } from './topics.ts';

/** `type` in the code -> Avro record name, per topic. */
export const RECORDS_OF_TOPIC: Readonly<Record<TopicSuffix, Readonly<Record<string, string>>>> = {
  'things.original': { 'original-entry': 'OriginalEntry' },
  'things.commands': {
    create: 'Create',
    update: 'Update',
    delete: 'Delete',
    mark: 'Mark',
    switch: 'Switch',
    enable: 'Enable',
  },
  'things.outcomes': {
    genesis: 'Genesis',
    decided: 'Decided',
    skipped: 'Skipped',
    invalid: 'Invalid',
    released: 'Released',
    refused: 'Refused',
    switched: 'Switched',
    observed: 'Observed',
  },
  things: { thing: 'Thing' },
};

export interface RecordSchema {
  /** The `type` of the record in the code. */
  readonly type: string;
  readonly topic: TopicSuffix;
  /** Avro name with namespace. */
  readonly name: string;
  readonly avroType: avro.Type;
  /** The whole schema, nested records written out, as the registry gets it. */
  readonly json: string;
}

const SHARED_RECORDS = ['Thing', 'Answer', 'Fence'];
/** Of the names of all our records. */
export const RECORD_NAMESPACE = 'playground';

/** Reads every `.avsc` file of the repo. Throws when one does not parse. */
export const loadRecordSchemas = (): RecordSchema[] =>
  TOPICS.flatMap((topic) =>
    Object.entries(RECORDS_OF_TOPIC[topic]).map(([type, name]) => {
      const avroType = loadAvroType(name);
      return {
        type,
        topic,
        name: `${RECORD_NAMESPACE}.${name}`,
        avroType,
        json: JSON.stringify(selfContained(avroType)),
      };
    }),
  );

/** Of all records together: another one when a field or a record is added. Hexadecimal. */
export const schemasFingerprint = (schemas: readonly RecordSchema[] = loadRecordSchemas()): string => {
  const prints = schemas.map(
    ({ name, avroType }) => `${name} ${avroType.fingerprint('sha256').toString('hex')}`,
  );
  return hash('sha256', prints.toSorted().join('\n'), 'hex');
};

interface Tap {
  readLong(): number;
  writeLong(value: number): void;
}
type FaultHook = (value: unknown, type: avro.Type) => void;

/** avsc leaves out 2^53 - 1 for fear of rounding, but reads and writes it exactly; ids and versions may have it. */
class SafeLongType extends avro.types.LongType {
  _check(value: unknown, _flags: unknown, hook: FaultHook | undefined): boolean {
    const fits = Number.isSafeInteger(value);
    if (!fits) hook?.(value, this);
    return fits;
  }
  _read(tap: Tap): number {
    const value = tap.readLong();
    if (!Number.isSafeInteger(value)) throw new Error('a long is beyond 2^53 - 1');
    return value;
  }
  _write(tap: Tap, value: unknown): void {
    if (!Number.isSafeInteger(value)) throw new Error(`${String(value)} is not an integer up to 2^53 - 1`);
    tap.writeLong(value as number);
  }
}

// avsc adds a registry to the options that it is given, so each call gets a copy.
const OPTIONS = {
  omitRecordMethods: true,
  typeHook: (schema: unknown): avro.Type | undefined => (schema === 'long' ? new SafeLongType() : undefined),
} as const;

/** Parses a schema that somebody else wrote, for reading what they wrote. */
export const parseAvroType = (json: string): avro.Type =>
  avro.Type.forSchema(JSON.parse(json) as avro.Schema, { ...OPTIONS });

// Owner and the like are named in several files; each record gets a registry of names of its own, so that its schema
// writes out what it needs.
const loadAvroType = (name: string): avro.Type => {
  const registry: Record<string, avro.Type> = {};
  for (const shared of SHARED_RECORDS) {
    if (shared !== name) avro.Type.forSchema(readSchema(shared), { ...OPTIONS, registry });
  }
  return avro.Type.forSchema(readSchema(name), { ...OPTIONS, registry });
};

const selfContained = (type: avro.Type): avro.Schema => type.schema({ exportAttrs: true });

const readSchema = (name: string): avro.Schema =>
  JSON.parse(readFileSync(new URL(`./schemas/${name}.avsc`, import.meta.url), 'utf8')) as avro.Schema;
