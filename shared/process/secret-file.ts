/** Secrets in files: one line that nobody but the owner can read or write. */
import { randomBytes, randomUUID } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { onDisk } from './disk-fault.ts';
import { StartError } from './lifecycle.ts';
import { FOLDER_MODE } from './own-folder.ts';

export const SECRET_FILE_MODE = 0o600;
const PERMISSION_BITS = 0o777;
const SECRET_BYTES = 32;
/** The largest file that is taken for a secret. */
const FILE_MAX_BYTES = 4_096;

/** 64 hexadecimal characters. */
export const drawSecret = (): string => randomBytes(SECRET_BYTES).toString('hex');

/** Throws StartError, which names the file and never what is in it. */
export const readSecretFile = (path: string, parse: (text: string) => string): string => {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    throw new StartError(`the secret in ${path} cannot be read: ${codeOf(error)}`);
  }
  try {
    const status = fstatSync(file);
    if (!status.isFile() || status.size > FILE_MAX_BYTES)
      throw new StartError(`${path} is no file of ${FILE_MAX_BYTES} bytes at most: it holds no secret`);
    const mode = status.mode & PERMISSION_BITS;
    if (mode !== SECRET_FILE_MODE) {
      throw new StartError(
        `${path} has mode ${mode.toString(8).padStart(4, '0')}: a secret must have 0600, so that nobody else reads or writes it`,
      );
    }
    return parsed(path, readFileSync(file, 'utf8').replace(/\r?\n$/, ''), parse);
  } finally {
    closeSync(file);
  }
};

/** The secret in the file; draws it when there is none. Of several who come at once, all get that of the first. */
export const secretFromFile = (path: string, parse: (text: string) => string): string => {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    return readSecretFile(path, parse);
  } catch (error) {
    if (isThere(path)) throw error;
  }
  try {
    mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
    writeFileSync(draft, `${drawSecret()}\n`, { flag: 'wx', mode: SECRET_FILE_MODE });
    // Whatever the umask has taken away.
    chmodSync(draft, SECRET_FILE_MODE);
    // Whole or not at all, and never over that of another.
    linkSync(draft, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST')
      throw new StartError(`no secret can be written to ${path}: ${codeOf(error)}`);
  } finally {
    rmSync(draft, { force: true });
  }
  return readSecretFile(path, parse);
};

/** Writes a whole file or none, for this user alone. Throws StartError when the disk refuses. */
export const writeSecret = (file: string, text: string): void =>
  onDisk(file, () => {
    const draft = `${file}-${randomUUID()}`;
    try {
      writeFileSync(draft, text, { mode: SECRET_FILE_MODE, flag: 'wx' });
      renameSync(draft, file);
    } finally {
      rmSync(draft, { force: true });
    }
  });

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

const parsed = (path: string, text: string, parse: (text: string) => string): string => {
  try {
    return parse(text);
  } catch (error) {
    throw new StartError(`${path} holds no secret: expected ${(error as Error).message}`);
  }
};

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown';
