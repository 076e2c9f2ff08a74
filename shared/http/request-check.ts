/** Checks bodies and query strings against their schemas, and says what is wrong, field by field. */
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import type { TSchema } from 'typebox';
import { ApiError } from './errors.ts';

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, { readonly type?: string; readonly expected?: string }>>;
}

const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true, verbose: false });
ajv.addKeyword('expected');
ajv.addFormat('plain-text', (text: string) => !text.includes('\0') && text.isWellFormed());
ajv.addFormat(
  'date-time',
  (text: string) => RFC_3339.test(text) && !Number.isNaN(Date.parse(text.toUpperCase())),
);

const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;
/** So many faults are named; a body of 64 KiB can have thousands. */
const FAULTS_NAMED_MAX = 20;
const FIELD_NAME_SHOWN_MAX = 100;
const CANONICAL_DECIMAL = /^(0|[1-9]\d{0,15})$/;

export type RequestCheck = (data: unknown) => unknown;

/** Returns a check that throws ApiError 400, naming each wrong, missing and unknown field. */
export const compileBodyCheck = (schema: TSchema): RequestCheck => {
  const faultsOfBody = compileBodyFaults(schema);
  return (data) => {
    const faults = faultsOfBody(data);
    if (faults.length > 0) throw badFields(faults);
    return data;
  };
};

/** Of an answer of another service: says what is wrong with it; undefined when it fits. */
export const compileAnswerCheck = (schema: TSchema): ((data: unknown) => string | undefined) => {
  const validate = ajv.compile(schema);
  return (data) => (validate(data) ? undefined : ajv.errorsText(validate.errors, { dataVar: 'the answer' }));
};

/** The faults of a body, for who has more to say of it. */
export const compileBodyFaults = (schema: TSchema): ((data: unknown) => string[]) => {
  const validate = ajv.compile(schema);
  return (data) => {
    if (typeof data !== 'object' || data === null || Array.isArray(data))
      return ['the body must be a JSON object'];
    return validate(data) ? [] : faultsOf(schema, validate.errors ?? [], 'field');
  };
};

/** A check like that of a body, for a query string; a canonical decimal counts as the integer that its schema wants. */
export const compileQueryCheck = (schema: TSchema): RequestCheck => {
  const validate = ajv.compile(schema);
  const { properties = {} } = schema as ObjectSchema;
  const valueOf = (name: string, value: unknown): unknown =>
    properties[name]?.type === 'integer' && typeof value === 'string' && CANONICAL_DECIMAL.test(value)
      ? Number(value)
      : value;
  return (data) => {
    const query = Object.fromEntries(
      Object.entries(data as Record<string, unknown>).map(([name, value]) => [name, valueOf(name, value)]),
    );
    if (validate(query)) return query;
    throw badFields(faultsOf(schema, validate.errors ?? [], 'query parameter'));
  };
};

export const badFields = (faults: readonly string[]): ApiError => {
  const named = faults.slice(0, FAULTS_NAMED_MAX);
  if (faults.length > named.length) named.push(`and ${faults.length - named.length} more`);
  return new ApiError('bad-request', named.join('; '));
};

const faultsOf = (
  { properties = {} }: ObjectSchema,
  errors: readonly ErrorObject[],
  what: string,
): string[] => {
  const faults = new Map<string, string>();
  for (const { keyword, instancePath, params } of errors) {
    const name = fieldOf(keyword, instancePath, params as Record<string, string>);
    if (faults.has(name)) continue;
    const expected = properties[name]?.expected;
    if (keyword === 'additionalProperties') {
      faults.set(
        name,
        `${quote(name)} is not a ${what} here; known are ${Object.keys(properties).join(', ') || 'none'}`,
      );
    } else if (keyword === 'required') {
      faults.set(name, `${quote(name)} is missing, expected ${expected}`);
    } else {
      faults.set(name, `${quote(name)} must be ${expected}`);
    }
  }
  return [...faults.values()];
};

const fieldOf = (keyword: string, instancePath: string, params: Record<string, string>): string => {
  if (keyword === 'additionalProperties') return params['additionalProperty'] ?? '';
  if (keyword === 'required') return params['missingProperty'] ?? '';
  return instancePath.split('/')[1] ?? '';
};

const quote = (name: string): string =>
  JSON.stringify(name.length > FIELD_NAME_SHOWN_MAX ? `${name.slice(0, FIELD_NAME_SHOWN_MAX)}…` : name);
