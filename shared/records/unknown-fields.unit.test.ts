/** What a release makes of the records of the next one, which has a field more. */
import { expect, test } from 'vitest';
import { acceptedCreate, NOW, thing } from '../../test/outcome-log.ts';
import { textField } from '../domain/added-fields.ts';
import { addedFieldFaults } from './added-field-check.ts';
import { createRecordCodec, UnknownRecordError } from './record-codec.ts';
import { loadRecordSchemas, parseAvroType } from './record-schemas.ts';
import { memorySchemaRegistry } from './schema-registry.ts';

interface SchemaNode {
  readonly name?: string;
  readonly type?: unknown;
  readonly fields?: { name: string; type: unknown; default?: unknown }[];
}

/** The schema with one more field in the record `of`, however deep it lies. */
const withField = (json: string, of: string, field: object): string => {
  const grown = JSON.parse(json, (_key, value: SchemaNode | null) =>
    value?.type === 'record' && value.name === of ? { ...value, fields: [...value.fields!, field] } : value,
  ) as object;
  return JSON.stringify(grown);
};
const schemaOf = (type: string) => loadRecordSchemas().find((one) => one.type === type)!;
const HUE = { name: 'hue', type: 'string', default: '' };

const world = async () => {
  const registry = memorySchemaRegistry();
  const codec = await createRecordCodec(registry, 'x');
  /** A record as the next release writes it. */
  const encodeNewer = async (type: string, of: string, field: object, value: object): Promise<Buffer> => {
    const json = withField(schemaOf(type).json, of, field);
    const head = Buffer.alloc(5);
    head.writeUInt32BE(await registry.register(type, json), 1);
    return Buffer.concat([head, parseAvroType(json).toBuffer(value)]);
  };
  return { codec, encodeNewer };
};

const DECIDED = {
  previousOffset: -1,
  previousDigest: '',
  epoch: 0,
  offset: 0,
  feature: null,
  ...acceptedCreate('c', 1),
};

test('a field that has its default is passed over', async () => {
  const { codec, encodeNewer } = await world();
  const value = await encodeNewer('thing', 'playground.Thing', HUE, { ...thing(1), hue: '' });
  const [read] = await codec.decode([value]);
  expect(read).toMatchObject({ type: 'thing', id: 1 });
  expect(read).not.toHaveProperty('hue');
});

test('a field that is set stops the reader, however deep it lies', async () => {
  const { codec, encodeNewer } = await world();
  const red = { ...DECIDED, state: { ...DECIDED.state!, hue: 'red' } };
  const value = await encodeNewer('decided', 'playground.Thing', HUE, red);
  const decoding = codec.decode([value]);
  await expect(decoding).rejects.toThrow(UnknownRecordError);
  await expect(decoding).rejects.toThrow(
    'a playground.Decided sets the field state.hue, which this release does not know and would lose; update it',
  );
});

test('so does a field without a default, and a word that an enum does not have', async () => {
  const { codec, encodeNewer } = await world();
  const { default: _byDefault, ...obliged } = HUE;
  const mark = { commandId: 'm', requestedOn: NOW, payloadHash: '', label: '' };
  await expect(
    codec.decode([await encodeNewer('mark', 'playground.Mark', obliged, { ...mark, hue: '' })]),
  ).rejects.toThrow(/sets the field hue/);
  const json = schemaOf('genesis').json.replace('"shiny"', '"shiny","both"');
  const registry = memorySchemaRegistry();
  const head = Buffer.alloc(5);
  const older = await createRecordCodec(registry, 'x');
  head.writeUInt32BE(await registry.register('genesis', json), 1);
  const genesis = { id: 'g', format: 2, partitions: 1, master: 'both' };
  const value = Buffer.concat([head, parseAvroType(json).toBuffer(genesis)]);
  await expect(older.decode([value])).rejects.toThrow(/cannot read playground.Genesis \(id.*update it/s);
});

test('a record that an older release wrote gets the default of the field', () => {
  const older = parseAvroType(schemaOf('thing').json);
  const newer = parseAvroType(withField(schemaOf('thing').json, 'playground.Thing', HUE));
  const read = newer.fromBuffer(older.toBuffer(thing(1)), newer.createResolver(older)) as object;
  expect(read).toHaveProperty('hue', '');
});

test('a schema that lacks a field of the table, or has another default, is named', () => {
  const table = { hue: textField(40), name: textField(40) };
  const lacking = addedFieldFaults(loadRecordSchemas(), table);
  for (const record of ['Thing', 'Create', 'Update', 'OriginalEntry'])
    expect(lacking).toContain(`playground.${record} must have the field hue with the default ""`);
  expect(lacking).toContain('playground.Thing must have the field name with the default ""');
  expect(addedFieldFaults(loadRecordSchemas(), {})).toEqual([]);
});
