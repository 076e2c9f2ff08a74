import { describe, expect, inject, test } from 'vitest';
import { acceptedCreate } from '../../test/outcome-log.ts';
import { freshNamespace } from '../../test/fresh-database.ts';
import type { Outcome } from '../domain/outcome.ts';
import { confluentRegistry } from './confluent-registry.ts';
import { createRecordCodec } from './record-codec.ts';
import { IncompatibleSchemaError } from './schema-registry.ts';

const registry = () => confluentRegistry({ url: inject('stack').SCHEMA_REGISTRY_URL });
const record = (fields: object[]): string =>
  JSON.stringify({ type: 'record', name: 'Genesis', namespace: 'playground', fields });

const DECIDED: Outcome = {
  type: 'decided',
  previousOffset: -1,
  previousDigest: 'x',
  epoch: 0,
  offset: 0,
  ...acceptedCreate('c', 5),
};

describe('records through the real registry', () => {
  test('a record that one process wrote is read by another', async () => {
    const namespace = freshNamespace();
    const [writer, reader] = [
      await createRecordCodec(registry(), namespace),
      await createRecordCodec(registry(), namespace),
    ];
    const [read] = await reader.decode([writer.encode(DECIDED)]);
    expect(read).toEqual(DECIDED);
  });
  test('a schema of another release, with a field more or less, is read as ours', async () => {
    const namespace = freshNamespace();
    const theirs = record([
      { name: 'id', type: 'string' },
      { name: 'format', type: 'int' },
      { name: 'partitions', type: 'int' },
      { name: 'owner', type: { type: 'enum', name: 'Owner', symbols: ['original', 'shiny'] } },
      { name: 'colour', type: 'string', default: 'blue' },
    ]);
    const id = await registry().register(`${namespace}.things.outcomes-Genesis`, theirs);
    const codec = await createRecordCodec(registry(), namespace);
    const value = Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 2, 0x67, 2, 8, 0, 2, 0x62])]);
    value.writeUInt32BE(id, 1);
    expect(await codec.decode([value])).toEqual([
      { type: 'genesis', id: 'g', format: 1, partitions: 4, owner: 'original' },
    ]);
  });
  test('a change that cannot read what was written is refused, with the name of the field', async () => {
    const namespace = freshNamespace();
    await registry().register(
      `${namespace}.things.outcomes-Genesis`,
      record([{ name: 'id', type: 'string' }]),
    );
    const starting = createRecordCodec(registry(), namespace);
    await expect(starting).rejects.toThrow(IncompatibleSchemaError);
    await expect(starting).rejects.toThrow(/Genesis.*format/s);
  });
  test('a record type that this release does not know stops the reader', async () => {
    const namespace = freshNamespace();
    const unknown = JSON.stringify({ type: 'record', name: 'Paused', namespace: 'playground', fields: [] });
    const id = await registry().register(`${namespace}.things.outcomes-Paused`, unknown);
    const codec = await createRecordCodec(registry(), namespace);
    const value = Buffer.alloc(5);
    value.writeUInt32BE(id, 1);
    await expect(codec.decode([codec.encode(DECIDED), value])).rejects.toThrow(
      /does not know the record type playground.Paused/,
    );
    await expect(codec.decode([Buffer.from('{}')])).rejects.toThrow(/wire format/);
    await expect(codec.decode([codec.encode(DECIDED).subarray(0, -3)])).rejects.toThrow();
  });
});
