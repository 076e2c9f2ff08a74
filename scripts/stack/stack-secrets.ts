/** What is kept in the stack's folder for its user alone: the password of Postgres, and the addresses with it. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onDisk } from '../../shared/process/disk-fault.ts';
import { StartError } from '../../shared/process/lifecycle.ts';
import { STACK_ENV_FILE } from '../../shared/process/local-database.ts';
import { writeSecret } from '../../shared/process/own-folder.ts';

export const PASSWORD_FILE = 'postgres.password';
const PASSWORD_BYTES = 24;

/** Throws StartError when it was not drawn yet. */
export const postgresPassword = (stackDir: string): string => {
  const file = join(stackDir, PASSWORD_FILE);
  const password = existsSync(file) ? onDisk(file, () => readFileSync(file, 'utf8')).trim() : '';
  if (password === '') throw new StartError(`there is no password of Postgres in ${file}`);
  return password;
};

/** Draws one, once per folder. Throws StartError when there is a database that was made with another. */
export const drawPostgresPassword = (stackDir: string, data: string, file = PASSWORD_FILE): string => {
  if (!existsSync(join(stackDir, file))) {
    if (existsSync(data))
      throw new StartError(
        `the database in ${data} has no password in ${join(stackDir, file)}; it is of an earlier release, or that file was ` +
          'removed. Remove the whole stack folder, or choose another with STACK_DIR=…',
      );
    writeSecret(join(stackDir, file), `${randomBytes(PASSWORD_BYTES).toString('base64url')}\n`);
  }
  return readFileSync(join(stackDir, file), 'utf8').trim();
};

/** Adds the addresses to those that another part of the stack has written. Returns the file. */
export const writeStackEnv = (stackDir: string, addresses: Readonly<Record<string, string>>): string => {
  const file = join(stackDir, STACK_ENV_FILE);
  const before = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  const kept = before.filter(
    (line) => line !== '' && !Object.keys(addresses).includes(line.split('=', 1)[0]!),
  );
  const added = Object.entries(addresses).map(([variable, address]) => `${variable}='${address}'`);
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
