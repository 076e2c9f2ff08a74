/**
 * Fields that Things got after the first release. The table drives all that is about such a field: type, check and OpenAPI
 * document, hash, what a record, a row or an answer of an older release lacks, and when clients may set it (features.ts). How a
 * field is added, and in which order processes are updated, is in docs/adding-a-field.md.
 *
 * A value that is the default leaves no trace in the hash of a request, in a row of Postgres and in a call between services, so
 * releases with and without the field agree until the first other value. That one is accepted only when no process is left that
 * would lose it.
 */
import { Type, type TSchema } from 'typebox';

export type AddedValue = string | number | boolean | null;

export interface AddedField<V extends AddedValue = AddedValue> {
  /** Of every Thing and request that does not have the field. The Avro schemas have the same one. */
  readonly default: V;
  /** What clients may send, and are shown. */
  readonly schema: TSchema;
  /** The same check, for who decides: a command may come from anywhere (P17). */
  isValid(value: unknown): boolean;
}

export type AddedFieldTable = Readonly<Record<string, AddedField>>;

/** A text of up to `maxCodePoints`, '' by default. */
export const textField = (maxCodePoints: number): AddedField<string> => ({
  default: '',
  schema: Type.String({
    maxLength: maxCodePoints,
    format: 'plain-text',
    expected: `a string of up to ${maxCodePoints} characters without NUL or unpaired surrogates`,
  }),
  isValid: (value) =>
    typeof value === 'string' &&
    !value.includes('\0') &&
    value.isWellFormed() &&
    Array.from(value).length <= maxCodePoints,
});

export const ADDED_FIELDS = {} as const satisfies AddedFieldTable;

export type AddedFields = {
  readonly [Name in keyof typeof ADDED_FIELDS]: (typeof ADDED_FIELDS)[Name]['default'];
};

const NAMES: readonly string[] = Object.keys(ADDED_FIELDS).toSorted();
const NONE: Readonly<Record<string, AddedValue>> = {};

/** The added fields of `source`, with defaults for those that it lacks: none is ever undefined. */
export const addedFieldsOf = (source: object, table: AddedFieldTable = ADDED_FIELDS): AddedFields =>
  // Needed as soon as the table has a field.
  // oxlint-disable-next-line typescript/no-unnecessary-type-assertion
  collect(table, (name, { default: byDefault }) => valueOf(source, name, byDefault)) as AddedFields;

/** Those that are not their default, in the order of their names. */
export const fieldsSetIn = (
  source: object,
  table: AddedFieldTable = ADDED_FIELDS,
): Readonly<Record<string, AddedValue>> =>
  collect(table, (name, { default: byDefault }) => {
    const value = valueOf(source, name, byDefault);
    return value === byDefault ? undefined : value;
  });

/** `source` without the added fields that are their default: what a release understands that does not know them. */
export const withoutDefaults = <T extends object>(source: T, table: AddedFieldTable = ADDED_FIELDS): T => {
  const isKept = ([name, value]: [string, unknown]): boolean => table[name]?.default !== value;
  return Object.fromEntries(Object.entries(source).filter(isKept)) as T;
};

export const sameAddedFields = (a: object, b: object, table: AddedFieldTable = ADDED_FIELDS): boolean =>
  Object.entries(table).every(
    ([name, { default: byDefault }]) => valueOf(a, name, byDefault) === valueOf(b, name, byDefault),
  );

/** The name of the first added field with a value that it cannot have. */
export const invalidAddedField = (
  source: object,
  table: AddedFieldTable = ADDED_FIELDS,
): string | undefined =>
  Object.keys(table).find((name) => !table[name]!.isValid(valueOf(source, name, table[name]!.default)));

/** `change` of the schema of each field, for a body or a document. */
export const addedSchemas = (
  change: (schema: TSchema) => TSchema = (schema) => schema,
  table: AddedFieldTable = ADDED_FIELDS,
): object => Object.fromEntries(Object.entries(table).map(([name, { schema }]) => [name, change(schema)]));

const valueOf = (source: object, name: string, byDefault: AddedValue): AddedValue => {
  const value = (source as Readonly<Record<string, AddedValue | undefined>>)[name];
  return value === undefined ? byDefault : value;
};

const collect = (
  table: AddedFieldTable,
  pick: (name: string, field: AddedField) => AddedValue | undefined,
): Readonly<Record<string, AddedValue>> => {
  const names = table === ADDED_FIELDS ? NAMES : Object.keys(table).toSorted();
  if (names.length === 0) return NONE;
  const picked: Record<string, AddedValue> = {};
  for (const name of names) {
    const value = pick(name, table[name]!);
    if (value !== undefined) picked[name] = value;
  }
  return picked;
};
