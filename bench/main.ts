/** `make bench`, `make bench-NAME`: compares, prints the table, and writes it as JSON. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { format, resolveConfig } from 'prettier';
import { scopedLifecycle } from '../shared/process/scoped-lifecycle.ts';
import { VERSION } from '../shared/process/version.ts';
import type { StackAddresses } from '../scripts/stack/stack.ts';
import { benchWorld, startBenchStack, type BenchWorld } from './kit/bench-world.ts';
import type { Comparison } from './kit/comparison.ts';
import { COMPARISONS } from './comparisons.ts';
import { warmUpBroker } from './kit/ping-pong.ts';
import { terminalTable, withTable } from './report.ts';
import { resultRows, worseRows, type BenchResult, type ResultRow } from './result.ts';
import { ROUNDS_THROWN_AWAY, runRounds } from './kit/rounds.ts';
import { print, printError } from '../shared/process/print.ts';

const RECORDED = fileURLToPath(new URL('recorded.json', import.meta.url));
const README = fileURLToPath(new URL('../README.md', import.meta.url));
const ROUNDS_MIN = 1;
const RECORDED_ROUNDS_MIN = 7;

interface Options {
  readonly rounds: string;
  readonly json: string;
  readonly warmUp: string;
  readonly check: boolean;
  readonly record: boolean;
}

/** What `work` opens is closed behind it. */
const inWorld = async <T>(
  name: string,
  stack: StackAddresses,
  work: (world: BenchWorld) => Promise<T>,
): Promise<T> => {
  const { lifecycle, close } = scopedLifecycle((error) => printError(`${name}: ${error.message}`));
  printError(`${name} …`);
  try {
    return await work(benchWorld(stack, lifecycle));
  } finally {
    await close();
  }
};

const compare = (comparison: Comparison, stack: StackAddresses, rounds: number): Promise<ResultRow[]> =>
  inWorld(comparison.name, stack, async (world) => {
    const sides = await comparison.open(world);
    const ratios = await runRounds(sides, rounds, (round) =>
      printError(`${comparison.name}: round ${round + 1} of ${rounds + ROUNDS_THROWN_AWAY}`),
    );
    return resultRows(comparison, ratios);
  });

const bench = async (names: readonly string[], options: Options): Promise<number> => {
  const rounds = Number(options.rounds);
  const chosen = COMPARISONS.filter(
    ({ name }) => names.length === 0 || names.some((wanted) => name.startsWith(wanted)),
  );
  if (options.record && rounds < RECORDED_ROUNDS_MIN) {
    printError(`what is recorded has at least ${RECORDED_ROUNDS_MIN} rounds`);
    return 2;
  }
  const isUsable =
    Number.isInteger(rounds) && rounds >= ROUNDS_MIN && Number(options.warmUp) >= 0 && chosen.length > 0;
  if (!isUsable) {
    printError(
      `no such comparison, or no such number of rounds or seconds; there are ${COMPARISONS.map(({ name }) => name).join(', ')}`,
    );
    return 2;
  }
  const { lifecycle, close } = scopedLifecycle((error) => printError(error.message));
  process.once('SIGINT', () => void close().then(() => process.exit(130)));
  const rows: ResultRow[] = [];
  let isWhole = true;
  try {
    const stack = await startBenchStack(lifecycle, printError);
    await inWorld('warming up', stack, (world) => warmUpBroker(world, Number(options.warmUp)));
    for (const comparison of chosen) {
      try {
        rows.push(...(await compare(comparison, stack, rounds)));
      } catch (error) {
        isWhole = false;
        printError(`${comparison.name} failed: ${(error as Error).stack ?? String(error)}`);
      }
    }
  } finally {
    await close();
  }
  const result: BenchResult = {
    ranOn: new Date().toISOString(),
    rounds,
    machine: { cores: availableParallelism(), node: process.version, platform: process.platform },
    rows,
  };
  for (const line of terminalTable(rows)) print(line);
  write(options.json, result);
  printError(`written to ${options.json}`);
  const isWorse = options.check && check(rows);
  if (options.record) await record(result);
  return isWorse || !isWhole ? 1 : 0;
};

const write = (file: string, result: BenchResult): void => {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`);
};

const recorded = (): BenchResult => JSON.parse(readFileSync(RECORDED, 'utf8')) as BenchResult;

/** Rows that were not run now stay as they are. */
const record = async (result: BenchResult): Promise<void> => {
  const order = COMPARISONS.map(({ name }) => name);
  const kept = recorded().rows.filter(
    ({ name }) => order.includes(name) && !result.rows.some((row) => row.name === name),
  );
  const rows = [...kept, ...result.rows].toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  write(RECORDED, { ...result, rows });
  const page = withTable(readFileSync(README, 'utf8'), { ...result, rows });
  writeFileSync(README, await format(page, { ...(await resolveConfig(README)), filepath: README }));
};

/** Whether a row is worse than it was recorded. */
const check = (rows: readonly ResultRow[]): boolean => {
  const worse = worseRows(recorded().rows, rows);
  for (const { name, measure, ratio } of worse)
    print(
      `${name}, ${measure}: ${ratio === null ? 'the limit is not kept' : `the ratio is ${ratio.toFixed(2)}`}, worse than recorded`,
    );
  if (worse.length === 0) print('nothing is worse than recorded');
  return worse.length > 0;
};

await new Command('bench')
  .description('compares what the playground does with the least programs that have the same I/O')
  .version(VERSION)
  .argument('[names...]', 'of comparisons, or how they begin; all, if not given')
  .option('--rounds <number>', 'that count; one more is thrown away', '7')
  .option('--warm-up <seconds>', 'of the broker, before anything is compared', '40')
  .option('--json <file>', 'where the result goes', '.local/bench/latest.json')
  .option(
    '--check',
    'exit status 1 when a ratio that has a target is worse than recorded by more than the spread',
    false,
  )
  .option('--record', 'make this the recorded result, and the table of the README', false)
  .action(async (names: string[], options: Options) => {
    process.exitCode = await bench(names, options);
  })
  .parseAsync();
