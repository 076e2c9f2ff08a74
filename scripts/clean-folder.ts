/** What of a folder is ours, and may be wiped. */
import { existsSync, lstatSync, readdirSync, realpathSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { INTERNAL_SECRET_FILE_NAME } from '../shared/http/wall-settings.ts';
import { NAMESPACE_PATTERN } from '../shared/records/topics.ts';
import { STACK_ENV_FILE } from '../shared/process/local-database.ts';
import { MARK_FILE, readMark, type FolderKind } from '../shared/process/own-folder.ts';
import { folderUsers } from './folder-users.ts';
import { PASSWORD_FILE } from './stack/stack-secrets.ts';

export interface Cleaned {
  /** What was done, and what was left, and why. */
  readonly lines: readonly string[];
  /** Something was not wiped that should have been. */
  readonly refused: boolean;
}

const USERS_SHOWN_MAX = 5;
const STORE_FILE = 'fold.lmdb';
const SERVICES = new Set(['shiny-api', 'updater']);
const STACK_NAMES = /^(?:postgres|kafka|logs)$/;
const STACK_FILES = new RegExp(
  `^(?:${STACK_ENV_FILE}|${PASSWORD_FILE.replaceAll('.', '\\.')}|postgres\\.new-.*)(?:-[0-9a-f-]{36})?$`,
);

const isFolder = (path: string): boolean => lstatSync(path).isDirectory();
const isStackName = (_folder: string, name: string): boolean =>
  STACK_NAMES.test(name) || STACK_FILES.test(name);

/** A local store, in the folder of its namespace. */
const isStore = (namespaceFolder: string, name: string): boolean =>
  SERVICES.has(name) && existsSync(join(namespaceFolder, name, STORE_FILE));

/** Wipes what is ours in `folder`, if it has our mark and nobody uses it, and the folder itself when nothing is left. */
export const cleanFolder = (given: string, kind: FolderKind): Cleaned => {
  if (!existsSync(given)) return { lines: [`${given}: not there`], refused: false };
  const folder = realpathSync(given);
  const refuse = (why: string): Cleaned => ({ lines: [`${given}: left as it is: ${why}`], refused: true });
  if (!isFolder(folder)) return refuse('it is not a folder');
  if (readdirSync(folder).length === 0) return { lines: [`${given}: empty`], refused: false };
  const mark = readMark(folder);
  if (mark?.kind !== kind)
    return refuse(
      `it has no mark of ours (${MARK_FILE}); if what is in it is not needed, remove it yourself`,
    );
  const users = folderUsers(folder);
  if (users.length > 0) {
    const shown = users.slice(0, USERS_SHOWN_MAX).map(({ pid, command }) => `${pid} (${command})`);
    return refuse(`it is in use, by process ${shown.join(', ')}: end it first`);
  }
  const wiped = kind === 'data' ? wipeStores(folder) : wipeNames(folder, isStackName);
  const left = readdirSync(folder).filter((name) => !name.startsWith(MARK_FILE));
  if (left.length > 0)
    return {
      lines: [`${given}: wiped ${wiped.join(', ') || 'nothing'}; left: ${left.join(', ')}`],
      refused: false,
    };
  wipeNames(folder, (_folder, name) => name.startsWith(MARK_FILE));
  rmdirSync(folder);
  return { lines: [`${given}: wiped${wiped.length > 0 ? ` (${wiped.join(', ')})` : ''}`], refused: false };
};

/** Does not follow links. */
const wipeNames = (folder: string, isOurs: (folder: string, name: string) => boolean): string[] => {
  const names = readdirSync(folder).filter((name) => isOurs(folder, name));
  for (const name of names) rmSync(join(folder, name), { recursive: true });
  return names;
};

const wipeStores = (folder: string): string[] => [
  ...readdirSync(folder)
    .filter((name) => NAMESPACE_PATTERN.test(name) && isFolder(join(folder, name)))
    .flatMap((namespace) => {
      const wiped = wipeNames(join(folder, namespace), isStore);
      if (readdirSync(join(folder, namespace)).length === 0) rmdirSync(join(folder, namespace));
      return wiped.map((name) => `${namespace}/${name}`);
    }),
  ...wipeNames(folder, (_folder, name) => name === INTERNAL_SECRET_FILE_NAME),
];
