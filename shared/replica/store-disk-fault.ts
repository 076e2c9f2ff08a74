/** What LMDB says of a disk that refuses, as the sentences of disk-fault.ts. */
import { statfsSync } from 'node:fs';
import { getSystemErrorMap } from 'node:util';
import { diskFault } from '../process/disk-fault.ts';

/** With less room than that a disk is full: LMDB writes more at once. */
const ROOM_MIN_BYTES = 1024 ** 2;

/** A StartError with a sentence that names the folder, if it is a fault of the disk; else the error itself. */
export const storeDiskFault = (folder: string, error: unknown): unknown => {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  const name = typeof code === 'number' ? getSystemErrorMap().get(-code)?.[0] : code;
  // When only a part of a write fits on the disk, LMDB reports a failed write (EIO).
  const told = diskFault(folder, { code: name === 'EIO' && isFull(folder) ? 'ENOSPC' : name });
  return told instanceof Error ? Object.assign(told, { cause: error }) : error;
};

/** Throws StartError. To be asked before a store is begun: LMDB maps its files, and without room for them that is a SIGBUS. */
export const refuseFullDisk = (folder: string): void => {
  if (isFull(folder)) throw diskFault(folder, { code: 'ENOSPC' });
};

const isFull = (folder: string): boolean => {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize < ROOM_MIN_BYTES;
  } catch {
    return false;
  }
};
