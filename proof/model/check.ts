/**
 * Checks the model: `node proof/model/check.ts [--quick] [--markdown] [--only NAME] [--replay NAME]`.
 *
 * Each configuration is translated by spin, compiled by gcc and searched by the program that comes out, in a temporary
 * folder of its own. Status 1: one did not come out as expected. Status 2: it could not be run.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CONFIGURATIONS, type Configuration } from './configurations.ts';
import { print, printError } from '../../shared/process/print.ts';

const SPIN_TIMEOUT_MS = 120_000;
const SEARCH_TIMEOUT_MS = { quick: 120_000, full: 1_800_000 };
const MEMORY_LIMIT_MB = 6_000;
const DEPTH_LIMIT_STEPS = 20_000;
const OUTPUT_MAX_BYTES = 16 * 2 ** 20;
const JOBS_MAX = 2;

interface Run {
  readonly configuration: Configuration;
  readonly states: number;
  readonly depth: number;
  readonly seconds: number;
  readonly result: 'safe' | 'violated' | 'unfinished';
  /** Why unfinished, or which assertion. */
  readonly detail: string;
  /** The printed lines of the counterexample, when it was asked for. */
  readonly trail: string;
}

interface Output {
  readonly output: string;
  readonly failed: boolean;
}

const aborted = new AbortController();

const execute = async (
  command: string,
  args: readonly string[],
  folder: string,
  timeoutMs: number,
): Promise<Output> =>
  new Promise((resolve, reject) => {
    const { signal } = aborted;
    const options = { cwd: folder, timeout: timeoutMs, maxBuffer: OUTPUT_MAX_BYTES, signal };
    execFile(command, [...args], options, (error, stdout, stderr) => {
      if (error !== null && (error.code === 'ENOENT' || error.name === 'AbortError')) reject(error);
      else resolve({ output: `${stdout}${stderr}`, failed: error !== null });
    });
  });

const mustExecute = async (command: string, args: readonly string[], folder: string): Promise<void> => {
  const { output, failed } = await execute(command, args, folder, SPIN_TIMEOUT_MS);
  if (failed) throw new Error(`${command} ${args.join(' ')}:\n${output}`);
};

const run = async (configuration: Configuration, wantsTrail: boolean): Promise<Run> => {
  const folder = await mkdtemp(join(tmpdir(), 'switch-model-'));
  try {
    const { flags, budget, search = 'assertions' } = configuration;
    const model = join(import.meta.dirname, configuration.model);
    await mustExecute('spin', ['-a', ...flags, model], folder);
    const kind = search === 'cycles' ? '-DNP' : '-DSAFETY';
    // A quick search is shorter than its optimised compilation.
    const speed = budget === 'quick' ? '-O0' : '-O2';
    const limits = [`-DMEMLIM=${MEMORY_LIMIT_MB}`, '-DVECTORSZ=2048'];
    await mustExecute(
      'gcc',
      [speed, '-w', kind, '-DCOLLAPSE', '-DNOFAIR', ...limits, '-o', 'pan', 'pan.c'],
      folder,
    );
    const sizes = [`-m${DEPTH_LIMIT_STEPS}`, budget === 'quick' ? '-w20' : '-w25'];
    const began = performance.now();
    const options = search === 'cycles' ? ['-l', ...sizes] : sizes;
    const { output } = await execute('./pan', options, folder, SEARCH_TIMEOUT_MS[budget]);
    const seconds = (performance.now() - began) / 1000;
    const judged = judge(output);
    const trail =
      wantsTrail && judged.result === 'violated'
        ? (
            await execute(
              'spin',
              ['-t', '-k', `${configuration.model}.trail`, ...flags, model],
              folder,
              SPIN_TIMEOUT_MS,
            )
          ).output
        : '';
    return { configuration, seconds, ...judged, trail };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** A search that did not see everything is never called safe. */
const judge = (output: string): Pick<Run, 'states' | 'depth' | 'result' | 'detail'> => {
  const count = (pattern: RegExp): number => Number(pattern.exec(output)?.[1] ?? Number.NaN);
  const states = count(/([\d.e+]+) states, stored/);
  const depth = count(/depth reached (\d+)/);
  const errors = count(/errors: (\d+)/);
  const message = /^pan:\d+: (.+?)(?: \(at depth \d+\))?$/m.exec(output)?.[1] ?? '';
  if (/assertion violated|non-progress cycle/.test(message)) {
    return { states, depth, result: 'violated', detail: message };
  }
  if (errors === 0 && !/Search not completed|max search depth too small|reached -DMEMLIM/.test(output)) {
    return { states, depth, result: 'safe', detail: '' };
  }
  return {
    states,
    depth,
    result: 'unfinished',
    detail: message || output.slice(-300).trim() || 'time is up',
  };
};

const isAsExpected = ({ configuration, result }: Run): boolean => result === configuration.expected;

const runAll = async (
  configurations: readonly Configuration[],
  wantsTrail: boolean,
): Promise<readonly Run[]> => {
  const runs: Run[] = [];
  const waiting = configurations.entries();
  const work = async (): Promise<void> => {
    for (const [index, configuration] of waiting) {
      const done = await run(configuration, wantsTrail);
      runs[index] = done;
      const verdict = isAsExpected(done) ? done.result : `${done.result}, NOT EXPECTED`;
      printError(
        `${String(index + 1).padStart(3)}/${configurations.length} ${configuration.name}: ${verdict}`,
      );
    }
  };
  await Promise.all(Array.from({ length: Math.min(JOBS_MAX, availableParallelism()) }, work));
  return runs;
};

const cellsOf = (done: Run): Record<string, string> => ({
  configuration: done.configuration.name,
  rules: done.configuration.rules.join(' '),
  states: done.states.toLocaleString('en').replaceAll(',', ' '),
  depth: String(done.depth),
  seconds: done.seconds.toFixed(1),
  result: isAsExpected(done) ? done.result : `${done.result} (expected: ${done.configuration.expected})`,
  shows: done.configuration.shows,
});

const NUMBERS = new Set(['states', 'depth', 'seconds']);

const table = (runs: readonly Run[], columns: readonly string[]): readonly string[] => {
  const rows = [Object.fromEntries(columns.map((column) => [column, column])), ...runs.map(cellsOf)];
  const widths = columns.map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    columns
      .map((column, index) => {
        const cell = row[column] ?? '';
        return NUMBERS.has(column) ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0);
      })
      .join('  ')
      .trimEnd(),
  );
};

const markdown = (runs: readonly Run[], columns: readonly string[]): readonly string[] => [
  `| ${columns.join(' | ')} |`,
  `| ${columns.map((column) => (NUMBERS.has(column) ? '---:' : '---')).join(' | ')} |`,
  ...runs.map(cellsOf).map((cells) => `| ${columns.map((column) => cells[column] ?? '').join(' | ')} |`),
];

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      markdown: { type: 'boolean', default: false },
      only: { type: 'string' },
      replay: { type: 'string' },
    },
  });
  const name = values.replay ?? values.only;
  const chosen = CONFIGURATIONS.filter((each) =>
    name === undefined ? !values.quick || each.budget === 'quick' : each.name === name,
  );
  if (chosen.length === 0) {
    printError(`no configuration has the name ${name}; there are:`);
    for (const each of CONFIGURATIONS) printError(`  ${each.name}`);
    return 2;
  }
  const began = performance.now();
  const runs = await runAll(chosen, values.replay !== undefined);
  for (const { trail } of runs) if (trail !== '') print(trail);
  const lines = values.markdown
    ? markdown(runs, ['configuration', 'rules', 'states', 'depth', 'result', 'shows'])
    : table(runs, ['configuration', 'rules', 'states', 'depth', 'seconds', 'result', 'shows']);
  for (const line of lines) print(line);

  const unexpected = runs.filter((each) => !isAsExpected(each));
  for (const { configuration, detail } of unexpected) {
    printError(`not as expected: ${configuration.name} (${configuration.flags.join(' ')}): ${detail}`);
  }
  const seconds = Math.round((performance.now() - began) / 1000);
  printError(`${runs.length - unexpected.length} of ${runs.length} as expected, in ${seconds} s`);
  return unexpected.length === 0 ? 0 : 1;
};

process.once('SIGINT', () => aborted.abort());
process.once('SIGTERM', () => aborted.abort());
try {
  process.exitCode = await main();
} catch (error) {
  aborted.abort();
  const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
  printError(
    missing
      ? 'spin and gcc are needed: apt-get install spin gcc, or brew install spin (gcc comes with the Xcode tools)'
      : String(error instanceof Error ? error.message : error),
  );
  process.exitCode = 2;
}
