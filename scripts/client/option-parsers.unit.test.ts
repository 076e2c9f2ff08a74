import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  apiNames,
  durationMs,
  httpUrl,
  masterName,
  partitionList,
  positiveCount,
  positiveNumber,
  writableFile,
} from './option-parsers.ts';

test.each([
  [durationMs, '500ms', 500],
  [durationMs, '1.5s', 1_500],
  [durationMs, '2m', 120_000],
  [positiveNumber, '0.5', 0.5],
  [positiveCount, '12', 12],
  [partitionList, '0,3-5,4', [0, 3, 4, 5]],
  [apiNames, 'both', ['original', 'shiny']],
  [masterName, 'shiny', 'shiny'],
  [httpUrl, 'http://[::1]:9090/', 'http://[::1]:9090'],
])('reads %#', (parse, given, value) => {
  expect(parse(given)).toEqual(value);
});

test.each([
  [durationMs, 'soon'],
  [durationMs, '0s'],
  [durationMs, '1e9m'],
  [durationMs, '99999999m'],
  [positiveNumber, 'x'],
  [positiveNumber, ''],
  [positiveNumber, '-1'],
  [positiveNumber, '0x10'],
  [positiveNumber, 'Infinity'],
  [positiveCount, '1.5'],
  [positiveCount, '0'],
  [partitionList, '5-3'],
  [apiNames, 'nobody'],
  [masterName, 'nobody'],
  [httpUrl, 'localhost:9090'],
])('refuses %#', (parse, given) => {
  expect(() => parse(given)).toThrow();
});

test('a file that can be written stays as it is until it is; one that cannot is told by name', () => {
  const folder = mkdtempSync(join(tmpdir(), 'option-'));
  const there = join(folder, 'there');
  writeFileSync(there, 'kept');
  expect(writableFile(there)).toBe(there);
  expect(readFileSync(there, 'utf8')).toBe('kept');
  expect(writableFile(join(folder, 'new'))).toBe(join(folder, 'new'));
  expect(readdirSync(folder)).toEqual(['there']);
  expect(() => writableFile(join(folder, 'nowhere', 'x'))).toThrow(/nowhere\/x cannot be made/);
  expect(() => writableFile(folder)).toThrow(/is a folder/);
  rmSync(folder, { recursive: true });
});
