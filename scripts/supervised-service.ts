/**
 * A service as a process that is started again when it ends by itself: after a growing delay, and not for ever, so that
 * one crash does not end the run, and one that dies at each start does.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from '../shared/process/lifecycle.ts';
import type { GuardedProcess } from './stack/guarded-process.ts';

export interface SupervisedService {
  /** Of the process that runs now. */
  pid(): Promise<number>;
  /** From now on it is started again; before, its end is a failed start. */
  supervise(): void;
  /** Rejects when it is not started again, with its last lines. */
  readonly failed: Promise<never>;
  stop(waitMs: number): Promise<void>;
  kill(): void;
}

export interface SupervisedServiceParts {
  readonly name: string;
  readonly start: (onLine: (line: string) => void) => GuardedProcess;
  readonly onLine: (line: string) => void;
  readonly report: (line: string) => void;
}

const RESTART_FIRST_DELAY_MS = 100;
const RESTART_DELAY_MAX_MS = 5_000;
/** Whoever lived so long is started again at once, and its earlier ends are forgotten. */
const SETTLED_AFTER_MS = 20_000;
/** Ends in a row, none of them settled. */
const RESTARTS_MAX = 10;
const LINES_KEPT = 12;

export const startSupervised = ({
  name,
  start,
  onLine,
  report,
}: SupervisedServiceParts): SupervisedService => {
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  let stopping = false;
  let supervised = false;
  let restarts = 0;

  const run = (): GuardedProcess => {
    const lines: string[] = [];
    const began = performance.now();
    const running = start((line) => {
      onLine(line);
      lines.push(line);
      if (lines.length > LINES_KEPT) lines.shift();
    });
    void running.ended.then((how) => ended(how, lines, performance.now() - began));
    return running;
  };
  const ended = async (how: string, lines: readonly string[], livedMs: number): Promise<void> => {
    if (stopping) return;
    if (livedMs >= SETTLED_AFTER_MS) restarts = 0;
    if (!supervised || restarts >= RESTARTS_MAX) {
      const often = supervised ? ` for the ${restarts + 1}th time in a row` : '';
      const last = lines.map((line) => `  ${line}`).join('\n');
      reject(new StartError(`${name} ended with ${how}${often}; its last lines:\n${last}`));
      return;
    }
    const delay = Math.min(RESTART_FIRST_DELAY_MS * 2 ** restarts, RESTART_DELAY_MAX_MS);
    restarts++;
    report(`${name} ended with ${how}, starting it again in ${delay} ms (${restarts} of ${RESTARTS_MAX})`);
    await sleep(delay);
    if (stopping) return;
    current = run();
    const pid = await current.pid.catch(() => undefined);
    if (pid !== undefined) report(`${name} started again (process ${pid})`);
  };

  let current = run();
  return {
    pid: () => current.pid,
    supervise: () => {
      supervised = true;
    },
    failed,
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
