/**
 * A service as a process that is started again when it ends by itself: after a growing delay, and after ten ends in a row,
 * or one that says that it cannot start, only now and then. One service is given up so; the others go on.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT_BAD_SETTINGS, EXIT_CANNOT_START, StartError } from '../shared/process/lifecycle.ts';
import type { GuardedProcess } from './stack/guarded-process.ts';

export interface SupervisedService {
  /** Of the process that runs now. */
  pid(): Promise<number>;
  /** From now on it is started again; before, its end is a failed start. */
  supervise(): void;
  /** Rejects with StartError when it ends before `supervise`, with its last lines. */
  readonly failed: Promise<never>;
  /** Resolves with what was reported when it is given up for the first time. */
  readonly givenUp: Promise<string>;
  stop(waitMs: number): Promise<void>;
  kill(): void;
}

export interface SupervisedServiceParts {
  readonly name: string;
  readonly start: (onLine: (line: string) => void) => GuardedProcess;
  readonly onLine: (line: string) => void;
  readonly report: (line: string) => void;
  /** How long one that was given up rests before it is tried again, milliseconds. */
  readonly givenUpRetryMs?: number;
  /** Whoever lived so long is started again at once, and its earlier ends are forgotten; milliseconds. */
  readonly settledAfterMs?: number;
  /** The longest delay before one that is not given up is started again, milliseconds. */
  readonly restartDelayMaxMs?: number;
}

const RESTART_FIRST_DELAY_MS = 100;
const RESTART_DELAY_MAX_MS = 5_000;
const SETTLED_AFTER_MS = 20_000;
/** Ends in a row, none of them settled. */
const RESTARTS_MAX = 10;
/** So that a cause that is mended heals by itself. */
const GIVEN_UP_RETRY_MS = 30_000;
const LINES_KEPT = 12;
/** To start it again as it is does not help. */
const PERMANENT = new Set([EXIT_CANNOT_START, EXIT_BAD_SETTINGS].map((status) => `status ${status}`));

export const startSupervised = ({
  name,
  start,
  onLine,
  report,
  givenUpRetryMs = GIVEN_UP_RETRY_MS,
  settledAfterMs = SETTLED_AFTER_MS,
  restartDelayMaxMs = RESTART_DELAY_MAX_MS,
}: SupervisedServiceParts): SupervisedService => {
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  const givenUp = Promise.withResolvers<string>();
  let stopping = false;
  let supervised = false;
  let restarts = 0;
  /** Why it was given up; empty while it is not. */
  let reason = '';

  const run = (): GuardedProcess => {
    const lines: string[] = [];
    const running = start((line) => {
      onLine(line);
      lines.push(line);
      if (lines.length > LINES_KEPT) lines.shift();
    });
    const settled = setTimeout(() => {
      restarts = 0;
      if (reason !== '') report(`${name} is back, and lives`);
      reason = '';
    }, settledAfterMs);
    settled.unref();
    void running.ended.then((how) => {
      clearTimeout(settled);
      return ended(how, lines);
    });
    return running;
  };
  const ended = async (how: string, lines: readonly string[]): Promise<void> => {
    if (stopping) return;
    const last = lines.map((line) => `  ${line}`).join('\n');
    if (!supervised) {
      reject(new StartError(`${name} ended with ${how}; its last lines:\n${last}`));
      return;
    }
    const isPermanent = PERMANENT.has(how);
    let delay = Math.min(RESTART_FIRST_DELAY_MS * 2 ** restarts, restartDelayMaxMs);
    if (isPermanent || restarts >= RESTARTS_MAX) {
      delay = givenUpRetryMs;
      const why = isPermanent ? `${how}: it cannot start` : `${how} for the ${restarts + 1}th time in a row`;
      giveUp(why, last);
    } else {
      restarts++;
      report(`${name} ended with ${how}, starting it again in ${delay} ms (${restarts} of ${RESTARTS_MAX})`);
    }
    await sleep(delay);
    if (stopping) return;
    current = run();
    const pid = await current.pid.catch(() => undefined);
    if (pid !== undefined && reason === '') report(`${name} started again (process ${pid})`);
  };
  /** Said once per reason, not each time that it is tried again. */
  const giveUp = (why: string, last: string): void => {
    const isNew = reason === '';
    reason = why;
    if (!isNew) return;
    const said =
      `${name} is given up: it ended with ${why}. The other services go on. Mend the cause: it is started again ` +
      `every ${givenUpRetryMs / 1_000} s (at once: end this run and start it anew). Its last lines:\n${last}`;
    report(said);
    givenUp.resolve(said);
  };

  let current = run();
  return {
    pid: () => current.pid,
    supervise: () => {
      supervised = true;
    },
    failed,
    givenUp: givenUp.promise,
    stop: async (waitMs) => {
      stopping = true;
      await current.stop(waitMs);
    },
    kill: () => {
      stopping = true;
      current.kill();
    },
  };
};
