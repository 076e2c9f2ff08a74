/** What the options of the commands are parsed by: their faults are found before anything is asked or written. */
import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import type { Api } from '../../shared/domain/thing.ts';
import { diskFault } from '../../shared/process/disk-fault.ts';
import { url } from '../../shared/process/settings.ts';

/** "0,3-5" -> [0, 3, 4, 5] */
export const partitionList = (text: string): number[] => {
  const list = text.split(',').flatMap((part) => {
    const [, first, last = first] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part.trim()) ?? [];
    if (first === undefined || Number(last) < Number(first))
      throw new InvalidArgumentError(`--partitions takes a list such as 0,3-5, not ${text}`);
    return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => Number(first) + index);
  });
  return [...new Set(list)];
};

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };
/** Timers take no more. */
const DURATION_MAX_MS = 2 ** 31 - 1;

/** "500ms", "2s", "10m" -> milliseconds */
export const durationMs = (text: string): number => {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text.trim()) ?? [];
  const ms = Math.round(Number(number) * (UNITS_MS[unit ?? ''] ?? Number.NaN));
  if (!(ms > 0 && ms <= DURATION_MAX_MS))
    throw new InvalidArgumentError(`a duration is such as 500ms, 2s or 1m, not ${text}`);
  return ms;
};

/** A number above 0, with or without decimals. */
export const positiveNumber = (text: string): number => {
  const value = /^\d+(?:\.\d+)?$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (!(Number.isFinite(value) && value > 0))
    throw new InvalidArgumentError(`expected a number above 0, not ${text}`);
  return value;
};

const COUNT_MAX = 1_000_000;

export const positiveCount = (text: string): number => {
  const value = positiveNumber(text);
  if (!Number.isInteger(value) || value > COUNT_MAX)
    throw new InvalidArgumentError(`expected a whole number from 1 to ${COUNT_MAX}, not ${text}`);
  return value;
};

export const masterName = (text: string): Api => {
  if (text !== 'original' && text !== 'shiny')
    throw new InvalidArgumentError(`--to is original or shiny, not ${text}`);
  return text;
};

export const apiNames = (text: string): Api[] => {
  if (text === 'both') return ['original', 'shiny'];
  const names = new Set(text.split(','));
  if ([...names].some((name) => name !== 'original' && name !== 'shiny'))
    throw new InvalidArgumentError(`--via is original, shiny or both, not ${text}`);
  return [...names] as Api[];
};

const parseUrl = url('http', 'https');

export const httpUrl = (text: string): string => {
  try {
    return parseUrl(text);
  } catch (error) {
    throw new InvalidArgumentError(`expected ${(error as Error).message}`);
  }
};

/** A file that can be written; what is in it stays until it is. */
export const writableFile = (file: string): string => {
  try {
    const isThere = existsSync(file);
    closeSync(openSync(file, 'a'));
    if (!isThere) rmSync(file);
  } catch (error) {
    throw new InvalidArgumentError((diskFault(file, error) as Error).message);
  }
  return file;
};
