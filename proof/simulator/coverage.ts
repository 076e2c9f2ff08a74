/**
 * What happened in a run, by name and count: faults that were injected, and situations that must arise over a budget of
 * runs, or the simulator has not tried what it is for.
 */
import type { Logger } from '../../shared/process/logger.ts';

export interface Coverage {
  saw(what: string, times?: number): void;
  counts(): ReadonlyMap<string, number>;
}

export const createCoverage = (): Coverage => {
  const counts = new Map<string, number>();
  return {
    saw: (what, times = 1) => void counts.set(what, (counts.get(what) ?? 0) + times),
    counts: () => counts,
  };
};

/** Must each have happened at least once over a budget (see simulate.ts). */
export const SOMETIMES = [
  'a command waited behind a switch to shiny',
  'a command waited behind a switch to original',
  "a stale twin's decision was ignored",
  "a stale twin's switch record was ignored",
  'a speculation was thrown away',
  'a switch was switched to shiny',
  'a switch was switched to original',
  'a switch was refused after its compare-and-set',
  'a switch was refused after Shiny had let go',
  'a switch was skipped',
  'a repeated switch was let go',
  'Shiny let a switch go because Original did not answer',
  'a retry crossed a switch to shiny',
  'a retry crossed a switch to original',
  'lossy Things were mapped',
  'a direct write was forwarded to Shiny',
  'an entry of the feed was observed twice',
  'an unknown outcome was accepted',
  'an unknown outcome was a conflict',
  'a command id was reused for another request',
  'a record that is none was passed over',
  'a feature was enabled',
  'a process of an older release ended, and this one took its place',
] as const;

const LOGGED: Readonly<Record<string, (typeof SOMETIMES)[number]>> = {
  'another updater was first, dropping what was not read back': 'a speculation was thrown away',
};

type LogMethod = (fields: object | string, sentence?: string) => void;
export type TraceLine = (level: string, fields: object, sentence: string) => void;

/** A logger that counts sentences, and shows them if there is somebody to look. */
export const createWatchedLogger = (coverage: Coverage, trace: TraceLine | undefined): Logger => {
  const at =
    (level: string): LogMethod =>
    (fields, sentence) => {
      const said = typeof fields === 'string' ? fields : (sentence ?? '');
      const what = LOGGED[said];
      if (what !== undefined) coverage.saw(what);
      trace?.(level, typeof fields === 'string' ? {} : fields, said);
    };
  const logger = Object.fromEntries(
    ['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((level) => [level, at(level)]),
  );
  return logger as unknown as Logger;
};
