/**
 * Folders of ours: made for this user alone, with a mark in them, which their users hold open. Only what carries the mark,
 * and is held by nobody, is ever wiped.
 */
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { onDisk } from './disk-fault.ts';

export const MARK_FILE = '.migration-playground';
export const FOLDER_MODE = 0o700;

export type FolderKind = 'stack' | 'data' | 'temporary' | 'outside';

export interface FolderMark {
  readonly kind: FolderKind;
  readonly id: string;
  /** Who made it. */
  readonly pid: number;
  readonly host: string;
  /** Of a folder outside: the folder that it stands for. */
  readonly of?: string;
}

/** Undefined when there is none, or one that cannot be read. */
export const readMark = (folder: string): FolderMark | undefined => {
  try {
    return JSON.parse(readFileSync(join(folder, MARK_FILE), 'utf8')) as FolderMark;
  } catch {
    return undefined;
  }
};

/**
 * Makes the folder if it is not there, marks it if it is empty, and holds it until the process ends. Returns its mark, or
 * undefined when the folder was there before us, with something in it. Throws StartError when the disk refuses.
 */
export const takeFolder = (folder: string, kind: FolderKind, of?: string): FolderMark | undefined =>
  onDisk(folder, () => {
    mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
    closeLocal(dirname(resolve(folder)));
    const mark = readMark(folder) ?? putMark(folder, kind, of);
    // Not closed: that it is open says that the folder is in use.
    if (mark !== undefined) openSync(join(folder, MARK_FILE), 'r');
    return mark;
  });

// Earlier releases left the folder of all local things open.
const closeLocal = (parent: string): void => {
  if (basename(parent) === '.local' && statSync(parent).uid === process.getuid?.())
    chmodSync(parent, FOLDER_MODE);
};

const putMark = (folder: string, kind: FolderKind, of?: string): FolderMark | undefined => {
  if (readdirSync(folder).some((name) => !name.startsWith(MARK_FILE))) return undefined;
  const mark: FolderMark = {
    kind,
    id: randomUUID(),
    pid: process.pid,
    host: hostname(),
    ...(of === undefined ? {} : { of }),
  };
  const file = join(folder, MARK_FILE);
  const draft = `${file}-${mark.id}`;
  writeFileSync(draft, JSON.stringify(mark));
  try {
    // Two processes at once: the first one wins. An unreadable mark belongs to nobody.
    if (existsSync(file) && readMark(folder) === undefined) renameSync(draft, file);
    else linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readMark(folder);
};
