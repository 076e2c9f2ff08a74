/** One process per folder: a file with its process id, which a dead process leaves behind without harm. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../process/lifecycle.ts';

/** Returns what gives the folder free again. Throws StartError when a living process uses it. */
export const claimFolder = (folder: string): (() => void) => {
  const file = join(folder, 'used-by.pid');
  const pid = Number(readIfThere(file));
  if (pid > 0 && pid !== process.pid && isAlive(pid)) {
    throw new StartError(
      `the folder ${folder} is in use by process ${pid}: give this one another --data-dir (or remove ${file} if that is something else)`,
    );
  }
  writeFileSync(file, `${process.pid}\n`);
  return () => rmSync(file, { force: true });
};

const readIfThere = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};
