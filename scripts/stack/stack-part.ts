/** One part of the local stack: a process, its log file, and when it is ready. */
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { diskFault, onDisk } from '../../shared/process/disk-fault.ts';
import { StartError } from '../../shared/process/lifecycle.ts';
import { FOLDER_MODE } from '../../shared/process/own-folder.ts';
import { SECRET_FILE_MODE } from '../../shared/process/secret-file.ts';
import { startGuarded, type GuardedCommand, type GuardedProcess } from './guarded-process.ts';

export interface StackPart {
  readonly name: string;
  readonly process: GuardedProcess;
  stop(): Promise<void>;
}

export interface PartSpec extends Omit<GuardedCommand, 'onLine'> {
  readonly name: string;
  /** Folder of the log files. */
  readonly logs: string;
  readonly waitMs: number;
  /** Hears when the log file cannot be written. */
  readonly report?: (line: string) => void;
  /** Resolves when the part answers; throws while it does not. */
  readonly probe: () => Promise<void>;
}

const STOP_WAIT_MS = 8_000;
const PROBE_EVERY_MS = 50;
const LINES_KEPT = 15;

/** Resolves when the part is ready. Throws StartError with its last lines when it ends or takes too long. */
export const startPart = async ({
  name,
  logs,
  waitMs,
  report,
  probe,
  ...command
}: PartSpec): Promise<StackPart> => {
  onDisk(logs, () => mkdirSync(logs, { recursive: true, mode: FOLDER_MODE }));
  const logFile = join(logs, `${name.toLowerCase().replaceAll(' ', '-')}.log`);
  const lines: string[] = [];
  const log = createWriteStream(logFile, { flags: 'a', mode: SECRET_FILE_MODE });
  // The part goes on without it.
  log.on('error', (error) => {
    const { message } = diskFault(logFile, error) as Error;
    const line = `the log of ${name} is not written any more: ${message}`;
    lines.push(line);
    report?.(line);
  });
  const guarded = startGuarded({
    ...command,
    onLine: (line) => {
      if (log.writable) log.write(`${line}\n`);
      lines.push(line);
      if (lines.length > LINES_KEPT) lines.shift();
    },
  });
  let end: string | undefined;
  void guarded.ended.then((how) => {
    end = how;
    log.end();
  });

  const deadline = performance.now() + waitMs;
  for (;;) {
    try {
      if (end === undefined) await probe();
      if (end === undefined) return { name, process: guarded, stop: () => guarded.stop(STOP_WAIT_MS) };
    } catch {
      // Not yet.
    }
    if (end !== undefined)
      throw new StartError(`${name} ended with ${end} (${logFile}):\n${lines.join('\n')}`);
    if (performance.now() > deadline) {
      guarded.kill();
      throw new StartError(`${name} was not ready after ${waitMs} ms (${logFile}):\n${lines.join('\n')}`);
    }
    await sleep(PROBE_EVERY_MS);
  }
};
