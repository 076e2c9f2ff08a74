/** What a disk or a folder refuses, as a sentence that names it. */
import { StartError } from './lifecycle.ts';

const SENTENCES: Readonly<Record<string, (path: string) => string>> = {
  ENOSPC: (path) => `the disk that holds ${path} is full: make room there, or choose another folder`,
  EDQUOT: (path) => `the disk quota for ${path} is used up: make room there, or choose another folder`,
  EROFS: (path) => `${path} is on a disk that cannot be written: choose another folder`,
  EACCES: (path) => `${path} may not be read or written by this user: choose another folder`,
  EPERM: (path) => `${path} may not be changed by this user: choose another folder`,
  ENOTDIR: (path) => `${path} is not below a folder: choose another one`,
  EEXIST: (path) => `${path} is a file, not a folder: choose another name`,
  EISDIR: (path) => `${path} is a folder, not a file: choose another name`,
  ENOENT: (path) => `${path} cannot be made: there is no such folder`,
  EFBIG: (path) =>
    `a file in ${path} may not get larger: raise the limit of this process, or choose another folder`,
  EIO: (path) => `the disk that holds ${path} fails, or a limit on the size of files is reached`,
};

/** A StartError with a sentence, if it is a fault of the disk; else the error itself. */
export const diskFault = (path: string, error: unknown): unknown => {
  const sentence = SENTENCES[(error as NodeJS.ErrnoException | undefined)?.code ?? ''];
  return sentence === undefined ? error : new StartError(sentence(path), { cause: error });
};

/** Does `work`, which writes at `path`. Throws StartError when the disk refuses. */
export const onDisk = <T>(path: string, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    throw diskFault(path, error);
  }
};
