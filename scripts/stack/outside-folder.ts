/**
 * The folder of this checkout under /var/tmp: for what cannot stay in the checkout, since the user that runs it may not get
 * in, or since the path has a character that Postgres hands to a shell.
 */
import { hash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onDisk } from '../../shared/process/disk-fault.ts';
import { StartError } from '../../shared/process/lifecycle.ts';
import { readMark, takeFolder } from '../../shared/process/own-folder.ts';

const PARENT = '/var/tmp';
const HASH_CHARS = 12;
/** Others may pass, and see nothing. */
const PASS_MODE = 0o711;
const WRITABLE_BY_OTHERS = 0o022;

export const CHECKOUT = resolve(fileURLToPath(new URL('../..', import.meta.url)));

const shortHash = (text: string): string => hash('sha256', text, 'hex').slice(0, HASH_CHARS);

export const OUTSIDE_FOLDER = join(
  PARENT,
  `migration-playground-${process.getuid?.() ?? 0}-${shortHash(CHECKOUT)}`,
);
export const OUTSIDE_BINARIES = join(OUTSIDE_FOLDER, 'binaries');

/** Where the data of the stack in `stackDir` is, when it is outside. */
export const outsideOf = (stackDir: string): string =>
  join(OUTSIDE_FOLDER, `stack-${shortHash(resolve(stackDir))}`);

/** Makes it. Throws StartError when somebody else has made it before us. */
export const makeOutsideFolder = (): void =>
  onDisk(OUTSIDE_FOLDER, () => {
    mkdirSync(OUTSIDE_FOLDER, { recursive: true, mode: PASS_MODE });
    const { uid, mode } = lstatSync(OUTSIDE_FOLDER);
    const isOurs = lstatSync(OUTSIDE_FOLDER).isDirectory() && uid === process.getuid?.();
    if (!isOurs || (mode & WRITABLE_BY_OTHERS) !== 0)
      throw new StartError(`${OUTSIDE_FOLDER} is not a folder of this user alone: remove it`);
    chmodSync(OUTSIDE_FOLDER, PASS_MODE);
  });

/** The folder outside that belongs to `stackDir`; what a stack left there that is no more is wiped. */
export const takeOutside = (stackDir: string, stackId: string, report: (line: string) => void): string => {
  makeOutsideFolder();
  const folder = outsideOf(stackDir);
  onDisk(folder, () => {
    const mark = readMark(folder);
    if (mark !== undefined && mark.of !== stackId) {
      report(`${folder} is of a stack in ${stackDir} that was removed: wiping it`);
      rmSync(folder, { recursive: true });
    }
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, PASS_MODE);
    takeFolder(folder, 'outside', stackId);
  });
  return folder;
};

export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/** Whether that user may pass through `folder` and all folders above it. */
export const mayEnter = (user: SystemUser, folder: string): boolean => {
  for (let path = resolve(folder); ; path = dirname(path)) {
    const { uid, gid, mode } = statSync(path);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (path === dirname(path)) return true;
  }
};
