import { expect, test } from 'vitest';
import { createRecordCodec } from './record-codec.ts';
import { loadRecordSchemas } from './record-schemas.ts';
import { memorySchemaRegistry } from './schema-registry.ts';
import { topicName } from './topics.ts';

test('schemas are registered in one order, under TopicRecordNameStrategy, and that of the output topic as its value too', async () => {
  const registered: string[] = [];
  const registry = memorySchemaRegistry();
  const recording = {
    ...registry,
    register: (subject: string, schemaJson: string) => {
      registered.push(subject);
      return registry.register(subject, schemaJson);
    },
  };
  await createRecordCodec(recording, 'ns');
  const records = loadRecordSchemas();
  expect(registered.filter((subject) => !subject.endsWith('-value'))).toEqual(
    records.map(({ topic, name }) => `${topicName('ns', topic)}-${name}`),
  );
  expect(registered.filter((subject) => subject.endsWith('-value'))).toEqual(['ns.things-value']);
  const first = [...registered];
  registered.length = 0;
  await createRecordCodec(recording, 'ns');
  expect(registered).toEqual(first);
});
