/** `playground load`: clients at a fixed rate, with a history of what they did and saw. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openHistory } from '../load/history-file.ts';
import { startLoad, type Load } from '../load/load-generator.ts';
import type { Api } from '../load/load-client.ts';
import { summaryLine } from '../load/load-stats.ts';
import { bearerHeaders, type Addresses } from './config.ts';
import { CommandFault, EXIT, print, type ExitStatus } from './exit.ts';
import { durationMs } from './master-command.ts';
import { createUpdaterClient } from './updater-client.ts';

export interface LoadOptions extends Addresses {
  readonly rate: string;
  readonly clients: string;
  readonly things: string;
  readonly for: string;
  readonly via: string;
  readonly record?: string;
  readonly json?: boolean;
}

const LIVE_EVERY_MS = 1_000;

export const runLoad = async (options: LoadOptions): Promise<ExitStatus> => {
  const ms = durationMs(options.for);
  const { namespace } = await createUpdaterClient(options.updaterUrl).mastership();
  const file = options.record;
  const head = { type: 'history', namespace, startedOn: Date.now(), isComplete: false } as const;
  const history = file === undefined ? undefined : openHistory(file, head);
  const load = startLoad({
    ...options,
    writeHeaders: bearerHeaders(),
    rate: positive('--rate', options.rate),
    clients: positive('--clients', options.clients),
    things: positive('--things', options.things),
    via: viaOf(options.via),
    onTry: (line) => history?.write(line),
  });
  const { promise: interrupted, resolve } = Promise.withResolvers<void>();
  process.once('SIGINT', resolve);
  const live = setInterval(() => showLive(load), LIVE_EVERY_MS);
  await Promise.race([sleep(ms), interrupted]);
  clearInterval(live);
  const total = await load.stop();
  await history?.close();
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  print(options.json === true ? JSON.stringify(total) : summaryLine(total));
  if (file !== undefined && options.json !== true)
    print(`history in ${file}; judge it with: npm run playground -- check ${file}`);
  return EXIT.done;
};

/** On a terminal, one line that is written over. */
export const showLive = ({ stats }: Load): void => {
  const moment = stats.moment();
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${summaryLine(moment)}`);
};

export const positive = (flag: string, text: string): number => {
  const value = Number(text);
  if (!(Number.isFinite(value) && value > 0))
    throw new CommandFault(EXIT.usage, `${flag} is a number above 0, not ${text}`);
  return value;
};

const viaOf = (text: string): Api[] => {
  const names = new Set(text.split(','));
  if (names.delete('both')) return ['original', 'shiny'];
  if ([...names].some((name) => name !== 'original' && name !== 'shiny'))
    throw new CommandFault(EXIT.usage, `--via is original, shiny or both, not ${text}`);
  return [...names] as Api[];
};
