/**
 * Real processes on a real stack, under load, with random switches, while they are killed, stopped and cut off; then the
 * certificate, and what happened how often.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Certificate } from '../checker/certificate.ts';
import type { HistoryLine } from '../checker/history.ts';
import type { KafkaClientName } from '../../shared/log/kafka-access.ts';
import type { Lifecycle } from '../../shared/process/lifecycle.ts';
import { openHistory } from '../load/history-file.ts';
import { startLoad } from '../load/load-generator.ts';
import type { LoadSummary } from '../load/load-stats.ts';
import { certify } from '../certify/certify.ts';
import { removeTemporaryFolder, temporaryFolder } from '../../scripts/stack/temporary-folder.ts';
import { longestUnavailability, type Unavailability } from './availability.ts';
import { chaosFaults, type ChaosFault } from './chaos-faults.ts';
import { startChaosSwitches } from './chaos-switches.ts';
import { startChaosWorld } from './chaos-world.ts';
import { setBackAndRepair } from './set-back.ts';

export interface ChaosSettings {
  /** At least so long … */
  readonly seconds: number;
  /** … and until so many switches were sent. */
  readonly switches: number;
  /** Operations per second. */
  readonly rate: number;
  readonly kafkaClient: KafkaClientName;
  readonly report: (line: string) => void;
  /** Lines of the services. */
  readonly print: (line: string) => void;
}

export interface ChaosResult {
  readonly certificate: Certificate;
  readonly load: LoadSummary;
  readonly faults: Readonly<Record<string, number>>;
  readonly switches: { readonly sent: number; readonly notSent: number };
  readonly unavailability: readonly Unavailability[];
}

const CLIENTS = 48;
const THINGS = 200;
const GAP_MAX_MS = 2_500;
/** A service stopped for this long resumes with an outdated state; a short run has no time for it. */
const STOPPED_MAX_MS = 15_000;
const STOPPED_MAX_SHARE = 0.04;
const STOPPED_SHORT_MS = 2_000;
const WARM_UP_MS = 3_000;

export const runChaos = async (
  { seconds, switches: switchesMin, rate, kafkaClient, report, print }: ChaosSettings,
  lifecycle: Lifecycle,
): Promise<ChaosResult> => {
  const folder = temporaryFolder('playground-chaos-');
  lifecycle.onClose('history', async () => removeTemporaryFolder(folder));
  const world = await startChaosWorld('original', kafkaClient, lifecycle, report, print);
  const file = join(folder, 'history.jsonl');
  const { namespace } = world;
  const history = openHistory(file, { type: 'history', namespace, startedOn: Date.now(), isComplete: true });
  const tries: HistoryLine[] = [];
  const start = () =>
    startLoad({
      ...world.proxied,
      rate,
      clients: CLIENTS,
      things: THINGS,
      via: ['original', 'shiny'],
      onTry: (line) => {
        tries.push(line);
        history.write(line);
      },
    });
  const load = start();
  await sleep(WARM_UP_MS);
  const switches = startChaosSwitches(world.direct.updaterUrl);
  const stoppedMaxMs = Math.min(
    STOPPED_MAX_MS,
    Math.max(STOPPED_SHORT_MS, seconds * 1_000 * STOPPED_MAX_SHARE),
  );
  const isOver = (elapsedMs: number): boolean =>
    elapsedMs >= seconds * 1_000 && switches.counts.sent >= switchesMin;
  const faults = await inflictAll(chaosFaults(world, stoppedMaxMs), isOver, report);
  await switches.stop();
  report('no more faults; waiting until all is quiet');
  const total = await load.stop();
  faults['the database put back: partitions that said so'] = await setBackAndRepair(world, report);
  const after = start();
  await sleep(WARM_UP_MS);
  await after.stop();
  await history.close();
  for (const [between, proxy] of Object.entries(world.proxies))
    faults[`answers cut between ${between}`] = proxy.cuts();
  const certificate = await certify({ file, addresses: world.direct, settings: world.settings, report });
  return {
    certificate,
    load: total,
    faults,
    switches: switches.counts,
    unavailability: longestUnavailability(tries),
  };
};

/** Each of them once, in a random order, and again, until the time is over; at least once each. */
const inflictAll = async (
  faults: readonly ChaosFault[],
  isOver: (elapsedMs: number) => boolean,
  report: (line: string) => void,
): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {};
  const began = performance.now();
  const elapsedMs = (): number => performance.now() - began;
  for (let round = 0; round === 0 || !isOver(elapsedMs()); round++) {
    for (const fault of shuffled(faults)) {
      if (round > 0 && isOver(elapsedMs())) break;
      report(`${(elapsedMs() / 1_000).toFixed(1).padStart(6)} s  ${fault.name}`);
      await fault.inflict();
      counts[fault.name] = (counts[fault.name] ?? 0) + 1;
      await sleep(Math.random() * GAP_MAX_MS);
    }
  }
  return counts;
};

const shuffled = <T>(list: readonly T[]): T[] =>
  list
    .map((value) => ({ value, order: Math.random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ value }) => value);
