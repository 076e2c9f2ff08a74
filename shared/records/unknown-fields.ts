/**
 * Finds fields of a newer release that this release would drop: Avro skips fields that the reader does not have. A field
 * with its default value loses nothing; with another value this release must not read the record.
 */
import avro from 'avsc';

/** The path of a field that is set and not known, such as `state.colour`. */
type Search = (value: unknown) => string | undefined;

/** Undefined when `reader` knows every field of `writer`: then there is nothing to look for. */
export const unknownFieldSearch = (writer: avro.Type, reader: avro.Type): Search | undefined => {
  if (writer instanceof avro.types.RecordType && reader instanceof avro.types.RecordType)
    return recordSearch(writer, reader);
  const [inWriter, inReader] = [recordOf(writer), recordOf(reader)];
  const search =
    inWriter !== undefined && inReader !== undefined ? recordSearch(inWriter, inReader) : undefined;
  return search && ((value) => (value === null ? undefined : search(value)));
};

const recordSearch = (writer: avro.types.RecordType, reader: avro.types.RecordType): Search | undefined => {
  const known = new Map(reader.fields.map((field) => [field.name, field]));
  const searches = writer.fields.flatMap((field): [string, Search][] => {
    const counterpart = known.get(field.name);
    if (counterpart === undefined) {
      const byDefault = field.defaultValue() as unknown;
      return [[field.name, (value) => (isSame(value, byDefault) ? undefined : '')]];
    }
    const search = unknownFieldSearch(field.type, counterpart.type);
    return search === undefined ? [] : [[field.name, search]];
  });
  if (searches.length === 0) return undefined;
  return (record) => {
    for (const [name, search] of searches) {
      const found = search((record as Readonly<Record<string, unknown>>)[name]);
      if (found !== undefined) return found === '' ? name : `${name}.${found}`;
    }
    return undefined;
  };
};

/** The record in a union of null and a record; our schemas have no other unions of records. */
const recordOf = (type: avro.Type): avro.types.RecordType | undefined => {
  if (!(type instanceof avro.types.UnwrappedUnionType)) return undefined;
  return type.types.find((one) => one instanceof avro.types.RecordType);
};

const isSame = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);
