/**
 * `playground prove`: load, switches to and fro, and the certificate that nothing was lost, refused or done twice. The
 * demonstration of what the playground is for.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openHistory } from '../../proof/load/history-file.ts';
import { startLoad } from '../../proof/load/load-generator.ts';
import { removeTemporaryFolder, temporaryFolder } from '../stack/temporary-folder.ts';
import { scopedLifecycle } from '../../shared/process/scoped-lifecycle.ts';
import { chaosLines } from '../../proof/chaos/chaos-report.ts';
import { runChaos } from '../../proof/chaos/run-chaos.ts';
import { certify } from '../../proof/certify/certify.ts';
import { showCertificate } from './check-command.ts';
import { bearerHeaders, playgroundLogSettings, type Addresses } from '../client/config.ts';
import { CommandFault, EXIT, type ExitStatus } from '../client/exit.ts';
import { print, printError } from '../../shared/process/print.ts';
import { summaryLine } from '../../proof/load/load-stats.ts';
import { closeHistory, showLive } from './load-command.ts';
import { pauseLines, slowestBeyondPause, switchToAndFro, type SwitchSeen } from './prove-switches.ts';
import { createUpdaterClient } from '../client/updater-client.ts';
import type { HistoryLine } from '../../proof/checker/history.ts';

export interface ProveOptions extends Addresses {
  readonly switches: number;
  readonly rate: number;
  readonly clients: number;
  readonly things: number;
  /** Milliseconds. */
  readonly warmUp: number;
  readonly faults?: boolean;
  readonly keep?: string;
  readonly json?: boolean;
}

const LIVE_EVERY_MS = 1_000;

export const prove = async (options: ProveOptions): Promise<ExitStatus> => {
  if (options.faults === true) return proveUnderFaults(options);
  const say = options.json === true ? () => undefined : print;
  const settings = playgroundLogSettings();
  const updater = createUpdaterClient(options.updaterUrl);
  const { namespace, partitions } = await updater.mastership();
  const folder = temporaryFolder('playground-prove-');
  const file = options.keep ?? join(folder, 'history.jsonl');
  const { rate, switches: count } = options;
  say(`${count} switches in ${partitions.length} partitions of ${namespace}, under ${rate} operations/s …`);

  const history = openHistory(file, { type: 'history', namespace, startedOn: Date.now(), isComplete: false });
  const tries: HistoryLine[] = [];
  const load = startLoad({
    ...options,
    writeHeaders: bearerHeaders(),
    via: ['original', 'shiny'],
    onTry: (line) => {
      tries.push(line);
      history.write(line);
    },
  });
  const live = setInterval(() => showLive(load), LIVE_EVERY_MS);
  let seen: SwitchSeen[] = [];
  let warmUntil = 0;
  try {
    // Fresh processes compile, and fresh partitions make their first index entries: that is no switch's doing.
    await sleep(options.warmUp);
    load.stats.reset();
    warmUntil = (Date.now() - load.startedOn) * 1_000;
    let isBroken = false;
    void history.broken.then(() => {
      isBroken = true;
    });
    seen = await switchToAndFro(updater, count, (done) => {
      if (isBroken) throw new CommandFault(EXIT.notKnown, 'the history cannot be written');
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${done} of ${count} switches`);
    });
  } catch (error) {
    await load.giveUp();
    await closeHistory(history).finally(() => removeTemporaryFolder(folder));
    say('not proven: it was given up');
    throw error;
  } finally {
    clearInterval(live);
  }
  const total = await load.stop();
  await closeHistory(history);
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  say(summaryLine(total));
  const slowest = slowestBeyondPause(
    tries.filter(({ call }) => call >= warmUntil),
    seen,
    load.startedOn,
    partitions.length,
  );
  for (const line of pauseLines(seen, slowest)) say(line);

  const report = process.stderr.isTTY ? printError : () => undefined;
  const certificate = await certify({ file, addresses: options, settings, report });
  removeTemporaryFolder(folder);
  if (options.json === true)
    print(JSON.stringify({ load: total, switches: seen, slowest_beyond_pause_ms: slowest, certificate }));
  else showCertificate(certificate, false);
  const isDone = seen.length >= count && seen.every(({ result }) => result === 'switched');
  const isProven = certificate.clean && isDone && total.refused === 0 && total.givenUp === 0;
  say(isProven ? 'proven: all switched, 0 refused, 0 lost, both stores equal' : 'not proven');
  return isProven ? EXIT.done : EXIT.refused;
};

/** On a playground of its own, whose parts are killed, stopped and cut off meanwhile. */
const proveUnderFaults = async ({ switches, rate, json }: ProveOptions): Promise<ExitStatus> => {
  const say = json === true ? () => undefined : print;
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  const { lifecycle, close } = scopedLifecycle(reject);
  try {
    const settings = {
      seconds: 0,
      switches,
      rate,
      kafkaClient: playgroundLogSettings().KAFKA_CLIENT,
      report: say,
      print: () => undefined,
    };
    const result = await Promise.race([runChaos(settings, lifecycle), failed]);
    if (json === true) print(JSON.stringify(result));
    else for (const line of chaosLines(result)) print(line);
    return result.certificate.clean ? EXIT.done : EXIT.refused;
  } finally {
    await close();
  }
};
