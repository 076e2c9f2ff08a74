/**
 * `make bench-growth`: how cost grows. Draws docs/pictures/growth-*.svg and writes bench/growth/recorded.json. With --quick
 * it is small, and goes to .local/bench: to see that it works.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { scopedLifecycle } from '../../shared/process/scoped-lifecycle.ts';
import { benchWorld, startBenchStack, type BenchWorld } from '../kit/bench-world.ts';
import { idleCpuPercent } from './idle-cpu.ts';
import { quantile } from '../kit/rounds.ts';
import { svgPlot, type Plot } from './svg-plot.ts';
import { growThings, type ThingsGrowth } from './things-growth.ts';
import { rateWithUpdaters } from './updaters-growth.ts';
import { printError } from '../../shared/process/print.ts';

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const THINGS = values.quick ? [10, 100] : [1_000, 10_000, 100_000, 1_000_000];
const UPDATERS = values.quick ? [1, 2] : [1, 2, 4];
const UPDATER_ROUNDS = values.quick ? 1 : 5;
const [IDLE_MS, SETTLE_MS] = values.quick ? [1_000, 1_000] : [30_000, 20_000];
const CLIENTS = ['kafkajs', 'platformatic'] as const;

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const [pictures, figures] = values.quick
  ? [join('.local', 'bench'), join('.local', 'bench', 'growth.json')]
  : [fileOf('../../docs/pictures'), fileOf('recorded.json')];
mkdirSync(pictures, { recursive: true });
const draw = (name: string, plot: Plot): void => writeFileSync(join(pictures, `${name}.svg`), svgPlot(plot));

const { lifecycle, close } = scopedLifecycle((error) => printError(error.message));
process.once('SIGINT', () => void close().then(() => process.exit(130)));
const stack = await startBenchStack(lifecycle, printError);

const inWorld = async <T>(what: string, work: (world: BenchWorld) => Promise<T>): Promise<T> => {
  printError(`${what} …`);
  const one = scopedLifecycle((error) => printError(`${what}: ${error.message}`));
  try {
    return await work(benchWorld(stack, one.lifecycle));
  } finally {
    await one.close();
  }
};

const things: ThingsGrowth[] = [];
for (const count of THINGS)
  things.push(await inWorld(`${count} Things`, (world) => growThings(world, count)));
// Interleaved, as the machine is not the same all the time.
const rates = UPDATERS.map((): number[] => []);
for (let round = 0; round < UPDATER_ROUNDS; round++)
  for (const [index, count] of UPDATERS.entries())
    rates[index]!.push(await inWorld(`${count} updaters`, (world) => rateWithUpdaters(world, count)));
const updaters = UPDATERS.map((count, index) => ({ updaters: count, rate: quantile(rates[index]!, 0.5) }));
const idle: { client: string; cpuPercent: number }[] = [];
for (const client of CLIENTS)
  idle.push({
    client,
    cpuPercent: await inWorld(`idle, ${client}`, (world) =>
      idleCpuPercent(world, client, IDLE_MS, SETTLE_MS),
    ),
  });
await close();

const labels = THINGS.map((count) => count.toLocaleString('en').replaceAll(',', ' '));
draw('growth-memory', {
  title: 'Resident memory',
  labels,
  xTitle: 'Things',
  unit: 'MB',
  series: [
    { name: 'shiny-api', values: things.map(({ shinyMb }) => shinyMb) },
    { name: 'updater', values: things.map(({ updaterMb }) => updaterMb) },
  ],
});
draw('growth-time', {
  title: 'Median time of one client',
  labels,
  xTitle: 'Things',
  unit: 'ms',
  series: [
    { name: 'write', values: things.map(({ writeMs }) => writeMs) },
    { name: 'read', values: things.map(({ readMs }) => readMs) },
  ],
});
draw('growth-updaters', {
  title: 'Writes by 64 clients, 12 partitions',
  labels: UPDATERS.map(String),
  xTitle: 'updaters',
  unit: 'per s',
  series: [{ name: 'writes', values: updaters.map(({ rate }) => rate) }],
});
const result = { ranOn: new Date().toISOString(), things, updaters, idle };
writeFileSync(figures, `${JSON.stringify(result, undefined, 2)}\n`);
process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
