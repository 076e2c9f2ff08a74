/**
 * Small files beside a store that outlive the process, for damage that ends it: LMDB trusts its pages, so a damaged one is
 * a SIGSEGV and not an error.
 *
 *   damaged   damage was found while the store was open
 *   opening   there while the store is opened and checked: left behind, the store is what ended the process
 *   open      there while the store is open: left behind, the process ended without closing it. Twice in a row, each within
 *             SHORT_LIFE_MS and without the machine having started anew between, and the store is taken for the reason. (An
 *             operator's kill -9 looks the same; so after two of them within SHORT_LIFE_MS each the store is rebuilt in vain.)
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Time } from '../process/time.ts';

export interface OpenMarks {
  /** Why the store must not be opened, if it must not. */
  suspicion(): string | undefined;
  /** Before the store is opened. */
  opening(): void;
  /** The store is open, and new or checked. `isNew`: what was before counts no longer. */
  opened(isNew: boolean): void;
  /** It could not be opened, and the store is not the reason. */
  notOpened(): void;
  /** Works as well as it can. */
  damaged(reason: string): void;
  closed(): void;
}

const SHORT_LIFE_MS = 30_000;
const UNCLEAN_ENDS_MAX = 2;

interface OpenMark {
  readonly bootId: string;
  readonly pid: number;
  /** Unclean ends in a row before this one, each after a short life. */
  readonly uncleanEnds: number;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** It has lived longer than SHORT_LIFE_MS. */
  readonly isOld: boolean;
}

export const openMarks = (folder: string, time: Time): OpenMarks => {
  const file = {
    damaged: join(folder, 'damaged'),
    opening: join(folder, 'opening'),
    open: join(folder, 'open'),
  };
  const bootId = readBootId();
  let cancelTimer = (): void => undefined;
  const uncleanEnds = endsSoFar(file.open, bootId);

  const write = (mark: OpenMark): void => writeFileSync(file.open, `${JSON.stringify(mark)}\n`);
  return {
    suspicion: () => {
      if (existsSync(file.damaged)) return `found damaged: ${readFileSync(file.damaged, 'utf8').trim()}`;
      if (existsSync(file.opening)) return 'damaged: the last process that opened it did not survive that';
      if (uncleanEnds >= UNCLEAN_ENDS_MAX)
        return `suspected: ${uncleanEnds} processes in a row ended, each within ${SHORT_LIFE_MS} ms, without closing it`;
      return undefined;
    },
    opening: () => writeFileSync(file.opening, ''),
    opened: (isNew) => {
      const mark = { bootId, pid: process.pid, uncleanEnds: isNew ? 0 : uncleanEnds, since: time.now() };
      write({ ...mark, isOld: false });
      cancelTimer = time.after(SHORT_LIFE_MS, () => {
        try {
          write({ ...mark, isOld: true });
        } catch {
          // A full disk: then this end may count as one after a short life.
        }
      });
      rmSync(file.damaged, { force: true });
      rmSync(file.opening, { force: true });
    },
    notOpened: () => rmSync(file.opening, { force: true }),
    damaged: (reason) => {
      try {
        writeFileSync(file.damaged, `${reason}\n`);
      } catch {
        // The check at the next start finds it again.
      }
    },
    closed: () => {
      cancelTimer();
      rmSync(file.open, { force: true });
    },
  };
};

const endsSoFar = (file: string, bootId: string): number => {
  try {
    const last = JSON.parse(readFileSync(file, 'utf8')) as Partial<OpenMark>;
    return last.bootId !== bootId || last.isOld === true ? 0 : (last.uncleanEnds ?? 0) + 1;
  } catch {
    return 0;
  }
};

/** Another one after each start of the machine; empty where the system does not tell. */
const readBootId = (): string => {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
};
