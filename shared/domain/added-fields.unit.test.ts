import { describe, expect, test } from 'vitest';
import {
  addedFieldsOf,
  addedSchemas,
  fieldsSetIn,
  invalidAddedField,
  sameAddedFields,
  textField,
  withoutDefaults,
  type AddedFieldTable,
} from './added-fields.ts';
import { payloadHash, type ThingChange } from './command.ts';

const TABLE: AddedFieldTable = { size: textField(2), colour: textField(40) };
const CREATE: ThingChange = { type: 'create', name: 'chair', foo: 4 };
const UPDATE: ThingChange = {
  type: 'update',
  thingId: 7,
  version: 1,
  name: 'chair',
  foo: 4.5,
  createdOn: null,
  updatedOn: 1_000,
};
const withFields = (request: ThingChange, fields: object): ThingChange => ({ ...request, ...fields });
const DELETE: ThingChange = { type: 'delete', thingId: 7, version: 2 };

describe('the hash of a request', () => {
  // As the first release made them: they stand in logs and databases.
  test.each([
    [CREATE, '7c46aa7d44ef355dd0056c79e57e50b8'],
    [UPDATE, 'e997b320eab928d4fa2d086d5d44c6a5'],
    [DELETE, 'e3624fc55a8153e6f22535fb0bf3adca'],
  ])('is what it was before the field came: %j', (request, hash) => {
    expect(payloadHash(request, {})).toBe(hash);
    expect(payloadHash(request, TABLE)).toBe(hash);
    expect(payloadHash(withFields(request, { colour: '', size: '' }), TABLE)).toBe(hash);
  });

  test('counts a field that is not its default, in whatever order the table has it', () => {
    const red = withFields(CREATE, { colour: 'red', size: 'L' });
    const turned = Object.fromEntries(Object.entries(TABLE).toReversed());
    expect(payloadHash(red, TABLE)).not.toBe(payloadHash(CREATE, TABLE));
    expect(payloadHash(red, TABLE)).not.toBe(payloadHash(withFields(red, { size: '' }), TABLE));
    expect(payloadHash(red, turned)).toBe(payloadHash(red, TABLE));
  });
});

test('what an older release wrote gets the defaults, and never undefined', () => {
  expect(addedFieldsOf({ name: 'chair' }, TABLE)).toEqual({ colour: '', size: '' });
  expect(addedFieldsOf({ colour: undefined, size: 'L' }, TABLE)).toEqual({ colour: '', size: 'L' });
  expect(addedFieldsOf({ colour: 'red' }, {})).toEqual({});
});

test('rows and calls carry what is not the default alone', () => {
  expect(fieldsSetIn({ name: 'chair', colour: 'red', size: '' }, TABLE)).toEqual({ colour: 'red' });
  expect(withoutDefaults({ name: 'chair', colour: 'red', size: '' }, TABLE)).toEqual({
    name: 'chair',
    colour: 'red',
  });
});

test('a field that is lacking equals its default', () => {
  expect(sameAddedFields({}, { colour: '' }, TABLE)).toBe(true);
  expect(sameAddedFields({ colour: 'red' }, {}, TABLE)).toBe(false);
});

test('values that no client may send are found', () => {
  expect(invalidAddedField({ colour: 'red' }, TABLE)).toBeUndefined();
  expect(invalidAddedField({ size: 'XXL' }, TABLE)).toBe('size');
  expect(invalidAddedField({ colour: 'a\0b' }, TABLE)).toBe('colour');
  expect(invalidAddedField({ colour: '\ud800' }, TABLE)).toBe('colour');
});

test('the schemas of all fields can be changed for a body', () => {
  expect(Object.keys(addedSchemas(undefined, TABLE)).toSorted()).toEqual(['colour', 'size']);
  expect(addedSchemas(() => ({ type: 'null' }), TABLE)).toEqual({
    colour: { type: 'null' },
    size: { type: 'null' },
  });
});
