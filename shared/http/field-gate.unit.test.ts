import { expect, test } from 'vitest';
import { create, remove } from '../../test/outcome-log.ts';
import { textField } from '../domain/added-fields.ts';
import type { ThingCommand } from '../domain/command.ts';
import { ApiError } from './errors.ts';
import { checkEnabled } from './field-gate.ts';

const TABLE = { colour: textField(40) };

test('400, with what to do, until the field is enabled in the partition; defaults and deletes pass', () => {
  const withColour = (colour: string): ThingCommand => Object.assign(create('c'), { colour });
  const red = withColour('red');
  const attempt = (): void => checkEnabled(red, 2, [], TABLE);
  expect(attempt).toThrow(ApiError);
  expect(attempt).toThrow(/nothing was written: "colour" cannot be set yet.*upgrade enable colour/);
  expect(() => checkEnabled(red, 2, ['colour'], TABLE)).not.toThrow();
  expect(() => checkEnabled(withColour(''), 2, [], TABLE)).not.toThrow();
  expect(() => checkEnabled(remove('r', 1, 0), 2, [], TABLE)).not.toThrow();
});
