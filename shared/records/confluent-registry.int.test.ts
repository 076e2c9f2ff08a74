import { SchemaRegistry as Client, SchemaType } from '@kafkajs/confluent-schema-registry';
import { describe, expect, inject, test } from 'vitest';
import { acceptedCreate, genesis } from '../../test/outcome-log.ts';
import { freshNamespace } from '../../test/fresh-database.ts';
import { fold, linkAfter } from '../domain/fold.ts';
import type { Outcome } from '../domain/outcome.ts';
import { emptyState } from '../domain/partition-state.ts';
import { confluentRegistry } from './confluent-registry.ts';
import { createRecordCodec } from './record-codec.ts';
import { IncompatibleSchemaError, memorySchemaRegistry, type SchemaRegistry } from './schema-registry.ts';

const registry = () => confluentRegistry({ url: inject('stack').SCHEMA_REGISTRY_URL });
const record = (fields: object[]): string =>
  JSON.stringify({ type: 'record', name: 'Genesis', namespace: 'playground', fields });

const DECIDED: Outcome = {
  type: 'decided',
  feature: null,
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
  test('a schema of another release, with a field more that has its default, is read as ours; one that is set stops', async () => {
    const namespace = freshNamespace();
    const theirs = record([
      { name: 'id', type: 'string' },
      { name: 'format', type: 'int' },
      { name: 'partitions', type: 'int' },
      { name: 'master', type: { type: 'enum', name: 'Master', symbols: ['original', 'shiny'] } },
      { name: 'colour', type: 'string', default: 'b' },
    ]);
    const id = await registry().register(`${namespace}.things.outcomes-playground.Genesis`, theirs);
    const codec = await createRecordCodec(registry(), namespace);
    const value = Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 2, 0x67, 2, 8, 0, 2, 0x62])]);
    value.writeUInt32BE(id, 1);
    expect(await codec.decode([value])).toEqual([
      { type: 'genesis', id: 'g', format: 1, partitions: 4, master: 'original' },
    ]);
    value[value.length - 1] = 0x63;
    await expect(codec.decode([value])).rejects.toThrow(/playground.Genesis sets the field colour/);
  });
  test('a change that cannot read what was written is refused, with the name of the field', async () => {
    const namespace = freshNamespace();
    await registry().register(
      `${namespace}.things.outcomes-playground.Genesis`,
      record([{ name: 'id', type: 'string' }]),
    );
    const starting = createRecordCodec(registry(), namespace);
    await expect(starting).rejects.toThrow(IncompatibleSchemaError);
    await expect(starting).rejects.toThrow(/Genesis.*format/s);
  });
  test('a record type that this release does not know stops the reader', async () => {
    const namespace = freshNamespace();
    const unknown = JSON.stringify({ type: 'record', name: 'Paused', namespace: 'playground', fields: [] });
    const id = await registry().register(`${namespace}.things.outcomes-playground.Paused`, unknown);
    const codec = await createRecordCodec(registry(), namespace);
    const value = Buffer.alloc(5);
    value.writeUInt32BE(id, 1);
    await expect(codec.decode([codec.encode(DECIDED), value])).rejects.toThrow(
      /does not know the record type playground.Paused/,
    );
  });
  test('what no release can read is told apart, with the registry and the id', async () => {
    const codec = await createRecordCodec(registry(), freshNamespace());
    const foreign = await registry().register(
      `elsewhere-${freshNamespace()}`,
      JSON.stringify({ type: 'record', name: 'Order', namespace: 'shop', fields: [] }),
    );
    const value = Buffer.alloc(5);
    value.writeUInt32BE(foreign, 1);
    const cut = codec.encode(DECIDED).subarray(0, -3);
    const client = new Client({ host: inject('stack').SCHEMA_REGISTRY_URL });
    // Apicurio tells the format by `$schema`.
    const schema = JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', type: 'object' });
    const json = { type: SchemaType.JSON, schema } as const;
    const { id } = await client.register(json, { subject: `elsewhere-${freshNamespace()}` });
    const notAvro = Buffer.alloc(5);
    notAvro.writeUInt32BE(id, 1);
    expect(await codec.decode([notAvro, Buffer.from('{}'), Buffer.alloc(0), value, cut])).toEqual([
      { type: 'unreadable', reason: expect.stringMatching(/not Avro/) as string },
      { type: 'unreadable', reason: expect.stringMatching(/wire format/) as string },
      { type: 'unreadable', reason: expect.stringMatching(/wire format/) as string },
      { type: 'unreadable', reason: expect.stringMatching(/shop.Order/) as string },
      {
        type: 'unreadable',
        reason: expect.stringMatching(/id \d+ is playground.Decided in .*http/) as string,
      },
    ]);
  });
  test('an id that the registry does not know stops the reader, and names both', async () => {
    const codec = await createRecordCodec(registry(), freshNamespace());
    const value = Buffer.alloc(5);
    value.writeUInt32BE(2_000_000_000, 1);
    await expect(codec.decode([value])).rejects.toThrow(/http.* does not know the schema id 2000000000/);
  });
});

describe('a log in two registries', () => {
  /** As a copy to another cluster has it: the five header bytes of each record are written anew. */
  const copied = async (value: Buffer, target: SchemaRegistry): Promise<Buffer> => {
    const { avro } = (await registry().schema(value.readUInt32BE(1)))!;
    const copy = Buffer.from(value);
    copy.writeUInt32BE(await target.register('copy', avro!), 1);
    return copy;
  };

  test('has other ids, and folds to the same digest', async () => {
    const codec = await createRecordCodec(registry(), freshNamespace());
    const target = memorySchemaRegistry();
    for (let taken = 0; taken < 7; taken++) await target.register('taken', `"other ${taken}"`);
    const other = await createRecordCodec(target, 'copy');
    const [mine, theirs] = [emptyState(1), emptyState(1)];
    const append = async (outcome: Outcome): Promise<void> => {
      const value = codec.encode(outcome);
      const copy = await copied(value, target);
      expect(copy.readUInt32BE(1)).not.toBe(value.readUInt32BE(1));
      const [read] = await other.decode([copy]);
      fold(mine, { outcome, bytes: codec.chainBytes(value), timestamp: 0 });
      fold(theirs, { outcome: read as Outcome, bytes: other.chainBytes(copy), timestamp: 0 });
    };
    await append(genesis('shiny'));
    for (let offset = 0; offset < 20; offset++)
      await append({
        type: 'decided',
        feature: null,
        ...linkAfter(mine.header),
        epoch: 0,
        offset,
        ...acceptedCreate(`c${offset}`, 1 + 4 * offset),
      });
    expect(mine.header.position).toBe(19);
    expect(theirs.header).toEqual(mine.header);
  });
  test('the same schemas get the same ids in two empty registries', async () => {
    const idsIn = async (): Promise<number[]> => {
      const empty = memorySchemaRegistry();
      const codec = await createRecordCodec(empty, 'x');
      return [codec.encode(genesis('shiny')), codec.encode(DECIDED)].map((value) => value.readUInt32BE(1));
    };
    expect(await idsIn()).toEqual(await idsIn());
  });
});
