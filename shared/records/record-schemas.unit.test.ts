import { expect, test } from 'vitest';
import { loadRecordSchemas, parseAvroType, schemasFingerprint } from './record-schemas.ts';

test('the fingerprint of all schemas is another one with a field more or a record more, and does not hang on their order', () => {
  const schemas = loadRecordSchemas();
  expect(schemasFingerprint()).toMatch(/^[0-9a-f]{64}$/);
  expect(schemasFingerprint(schemas.toReversed())).toBe(schemasFingerprint());
  const withField = schemas.map((schema) => {
    if (schema.type !== 'thing') return schema;
    const record = JSON.parse(schema.json) as { fields: unknown[] };
    const fields = [...record.fields, { name: 'color', type: 'string', default: '' }];
    return { ...schema, avroType: parseAvroType(JSON.stringify({ ...record, fields })) };
  });
  expect(schemasFingerprint(withField)).not.toBe(schemasFingerprint());
  expect(schemasFingerprint(schemas.slice(1))).not.toBe(schemasFingerprint());
});
