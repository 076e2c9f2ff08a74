/** Table and schemas say the same of added fields: a record without one would be read back as if it had never been set. */
import avro from 'avsc';
import { ADDED_FIELDS, type AddedFieldTable } from '../domain/added-fields.ts';
import type { RecordSchema } from './record-schemas.ts';

/** Records that carry what a client may set; DirectRequest lies in OriginalEntry. */
const CARRIERS = new Set(['thing', 'create', 'update', 'original-entry']);

/** One sentence per schema that lacks a field, or has another default. */
export const addedFieldFaults = (
  schemas: readonly RecordSchema[],
  table: AddedFieldTable = ADDED_FIELDS,
): string[] =>
  schemas
    .filter(({ type }) => CARRIERS.has(type))
    .flatMap(({ avroType, name }) => {
      const record = carrierOf(avroType);
      return Object.entries(table).flatMap(([field, { default: byDefault }]) => {
        const found = record?.fields.find((one) => one.name === field);
        const isThere = found !== undefined && (found.defaultValue() as unknown) === byDefault;
        return isThere
          ? []
          : [`${name} must have the field ${field} with the default ${JSON.stringify(byDefault)}`];
      });
    });

const carrierOf = (type: avro.Type): avro.types.RecordType | undefined => {
  if (!(type instanceof avro.types.RecordType)) return undefined;
  const request = type.fields.find(({ name }) => name === 'request')?.type;
  if (!(request instanceof avro.types.UnwrappedUnionType)) return type;
  return request.types.find((one) => one instanceof avro.types.RecordType);
};
