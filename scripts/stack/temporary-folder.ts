/** Temporary folders of a run: gone at its end, and, when it was killed, at the start of the next. */
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { onDisk } from '../../shared/process/disk-fault.ts';
import { readMark, takeFolder } from '../../shared/process/own-folder.ts';
import { outsideOf } from './outside-folder.ts';

/** Root runs Postgres as somebody else, who has to pass. */
const PASS_MODE = 0o711;

/** A Postgres whose parent was killed may still write while it ends. */
const REMOVE = { recursive: true, force: true, maxRetries: 5, retryDelay: 100 } as const;

/** Its name begins with `prefix` and has our process id. What dead runs with that prefix left is wiped before. */
export const temporaryFolder = (prefix: string): string => {
  sweep(prefix);
  return onDisk(tmpdir(), () => {
    const folder = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
    if (process.getuid?.() === 0) chmodSync(folder, PASS_MODE);
    takeFolder(folder, 'temporary');
    return folder;
  });
};

/** With what its Postgres has outside. */
export const removeTemporaryFolder = (folder: string): void => {
  for (const each of [folder, outsideOf(folder)]) rmSync(each, REMOVE);
};

const sweep = (prefix: string): void => {
  for (const name of readdirSync(tmpdir())) {
    const [, pid] = name.startsWith(prefix) ? (/^(\d+)-/.exec(name.slice(prefix.length)) ?? []) : [];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const folder = join(tmpdir(), name);
    try {
      // Process ids are of one machine, or container.
      const isOurs = statSync(folder).uid === process.getuid?.() && readMark(folder)?.host === hostname();
      if (isOurs) removeTemporaryFolder(folder);
    } catch {
      // Somebody else sweeps as well.
    }
  }
};

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};
