/** Where the local stack wrote its addresses, for the processes that are given none. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from './settings.ts';

export const STACK_DIR_DEFAULT = '.local/stack';
/** A file for this user alone, in the words of a shell: `set -a; . .local/stack/env; set +a`. */
export const STACK_ENV_FILE = 'env';

/** DATABASE_URL of the stack in STACK_DIR, at POSTGRES_PORT if that is given. Throws an Error that says what to do. */
export const localDatabaseUrl = (env: Environment): string => {
  const folder = env['STACK_DIR'] || STACK_DIR_DEFAULT;
  const found = /^DATABASE_URL='?([^'\n]*)'?$/m.exec(readText(join(folder, STACK_ENV_FILE)))?.[1];
  if (found === undefined)
    throw new Error(`the Postgres database; there is no local one in ${folder} (\`make stack\` starts it)`);
  const url = new URL(found);
  if (env['POSTGRES_PORT']) url.port = env['POSTGRES_PORT'];
  return url.href;
};

const readText = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};
