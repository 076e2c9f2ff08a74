/** `playground load`: clients at a fixed rate, with a history of what they did and saw. */
import { openHistory, type HistoryWriter } from '../../proof/load/history-file.ts';
import { startLoad, type Load } from '../../proof/load/load-generator.ts';
import type { Api } from '../../shared/domain/thing.ts';
import { summaryLine } from '../../proof/load/load-stats.ts';
import { bearerHeaders, type Addresses } from '../client/config.ts';
import { CommandFault, EXIT, type ExitStatus } from '../client/exit.ts';
import { print } from '../../shared/process/print.ts';
import { createUpdaterClient } from '../client/updater-client.ts';

export interface LoadOptions extends Addresses {
  readonly rate: number;
  readonly clients: number;
  readonly things: number;
  /** Milliseconds. */
  readonly for: number;
  readonly via: readonly Api[];
  readonly record?: string;
  readonly json?: boolean;
}

const LIVE_EVERY_MS = 1_000;

export const runLoad = async (options: LoadOptions): Promise<ExitStatus> => {
  const { namespace } = await createUpdaterClient(options.updaterUrl).mastership();
  const file = options.record;
  const head = { type: 'history', namespace, startedOn: Date.now(), isComplete: false } as const;
  const history = file === undefined ? undefined : openHistory(file, head);
  const load = startLoad({
    ...options,
    writeHeaders: bearerHeaders(),
    onTry: (line) => history?.write(line),
  });
  const { promise: interrupted, resolve } = Promise.withResolvers<void>();
  process.once('SIGINT', resolve);
  const live = setInterval(() => showLive(load), LIVE_EVERY_MS);
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const timer = setTimeout(end, options.for);
  await Promise.race([over, interrupted, ...(history === undefined ? [] : [history.broken])]);
  clearTimeout(timer);
  clearInterval(live);
  const total = await load.stop();
  await closeHistory(history);
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  print(options.json === true ? JSON.stringify(total) : summaryLine(total));
  if (file !== undefined && options.json !== true)
    print(`history in ${file}; judge it with: ./playground check ${file}`);
  return EXIT.done;
};

/** On a terminal, one line that is written over. */
export const showLive = ({ stats }: Load): void => {
  const moment = stats.moment();
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${summaryLine(moment)}`);
};

/** Throws CommandFault when the history could not be written. */
export const closeHistory = async (history: HistoryWriter | undefined): Promise<void> => {
  await history?.close().catch((error: unknown) => {
    throw new CommandFault(EXIT.notKnown, `the history is not whole: ${(error as Error).message}`);
  });
};
