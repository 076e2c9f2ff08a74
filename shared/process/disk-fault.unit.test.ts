import { expect, test } from 'vitest';
import { onDisk } from './disk-fault.ts';
import { StartError } from './lifecycle.ts';

const failing = (code: string) => (): never => {
  throw Object.assign(new Error(code), { code });
};

test.each([
  ['ENOSPC', /the disk that holds \/x is full/],
  ['EDQUOT', /quota/],
  ['EFBIG', /may not get larger/],
  ['EACCES', /may not be read or written/],
  ['EROFS', /cannot be written/],
])('%s is a StartError with a sentence', (code, sentence) => {
  expect(() => onDisk('/x', failing(code))).toThrow(sentence);
  expect(() => onDisk('/x', failing(code))).toThrow(StartError);
});
test('another error stays what it is', () => {
  expect(() => onDisk('/x', failing('EOTHER'))).toThrow('EOTHER');
  expect(onDisk('/x', () => 1)).toBe(1);
});
