/** What is kept in the stack's folder for its user alone: the password of Postgres, and the addresses with it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../../shared/process/lifecycle.ts';
import { STACK_ENV_FILE } from '../../shared/process/local-database.ts';
import { readSecretFile, secretFromFile, writeSecret } from '../../shared/process/secret-file.ts';

export const PASSWORD_FILE = 'postgres.password';

const notEmpty = (text: string): string => {
  if (text === '') throw new Error('a line that is not empty');
  return text;
};

/** Throws StartError when it was not drawn yet. */
export const postgresPassword = (stackDir: string): string =>
  readSecretFile(join(stackDir, PASSWORD_FILE), notEmpty);

/** Draws one, once per file. */
export const drawPassword = (file: string): string => secretFromFile(file, notEmpty);

/** The same, of the database in `data`. Throws StartError when that was made with another. */
export const drawPostgresPassword = (stackDir: string, data: string): string => {
  const file = join(stackDir, PASSWORD_FILE);
  if (!existsSync(file) && existsSync(data))
    throw new StartError(
      `the database in ${data} has no password in ${file}; it is of an earlier release, or that file was ` +
        'removed. Remove the whole stack folder, or choose another with STACK_DIR=…',
    );
  return drawPassword(file);
};

/** Adds the addresses to those that another part of the stack has written. Returns the file. */
export const writeStackEnv = (stackDir: string, addresses: Readonly<Record<string, string>>): string => {
  const file = join(stackDir, STACK_ENV_FILE);
  const before = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  const kept = before.filter(
    (line) => line !== '' && !Object.keys(addresses).includes(line.split('=', 1)[0]!),
  );
  // In a URL the other way to write a quote; a shell reads this file.
  const added = Object.entries(addresses).map(
    ([variable, address]) => `${variable}='${address.replaceAll("'", '%27')}'`,
  );
  writeSecret(file, `${[...kept, ...added].join('\n')}\n`);
  return file;
};

/** For people to see: without the password. */
export const withoutPassword = (url: string): string => {
  const parsed = URL.parse(url);
  if (parsed === null || parsed.password === '') return url;
  parsed.password = '';
  return parsed.href;
};
