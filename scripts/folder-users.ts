/** Which processes use a folder: by what they have open in it, or run in. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';

export interface FolderUser {
  readonly pid: number;
  /** Its command line. */
  readonly command: string;
}

const COMMAND_MAX_CHARS = 100;
const LSOF_WAIT_MS = 30_000;

/** All but this process, as far as we may look into them. */
export const folderUsers = (folder: string): FolderUser[] => {
  if (!existsSync(folder)) return [];
  const real = realpathSync(folder);
  const pids = existsSync('/proc/self/fd') ? pidsByProc(real) : pidsByLsof(real);
  return pids.filter((pid) => pid !== process.pid).map((pid) => ({ pid, command: commandOf(pid) }));
};

const pidsByProc = (folder: string): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => openPaths(pid).some((path) => path === folder || path.startsWith(folder + sep)))
    .map(Number);

const openPaths = (pid: string): string[] => {
  const links = ['cwd', 'exe'];
  try {
    links.push(...readdirSync(`/proc/${pid}/fd`).map((fd) => join('fd', fd)));
  } catch {
    // Of another user, or gone.
  }
  return links.map((link) => {
    try {
      return readlinkSync(`/proc/${pid}/${link}`);
    } catch {
      return '';
    }
  });
};

const pidsByLsof = (folder: string): number[] => {
  try {
    const found = execFileSync('lsof', ['-t', '+D', folder], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: LSOF_WAIT_MS,
    });
    return found.split('\n').filter(Boolean).map(Number);
  } catch (error) {
    // With status 1 and what it has found, when something could not be looked at, or nothing was found.
    const { stdout } = error as { stdout?: string };
    return (stdout ?? '').split('\n').filter(Boolean).map(Number);
  }
};

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      .replaceAll('\0', ' ')
      .trim()
      .slice(0, COMMAND_MAX_CHARS);
  } catch {
    return '';
  }
};
