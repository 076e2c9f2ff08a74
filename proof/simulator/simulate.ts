/**
 * `make simulate [SEEDS=1000] [SEED=n [WORLD=set-back]]`: many runs, one line per failure; or one run again, with all that
 * happened in it.
 */
import { parseArgs } from 'node:util';
import { runSeed, WRITES_PER_SEED, type SeedResult } from './run-seed.ts';
import { runSetBack, SET_BACK_WRITES } from './run-set-back.ts';
import { SOMETIMES } from './coverage.ts';
import { print } from '../../shared/process/print.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    writes: { type: 'string' },
    world: { type: 'string', default: 'whole' },
  },
});

const PROGRESS_EVERY_MS = 1_000;

/** `set-back`: its database is put back, or its feed is lost. */
const WORLDS = {
  whole: { run: runSeed, writes: WRITES_PER_SEED },
  'set-back': { run: runSetBack, writes: SET_BACK_WRITES },
};
const isWorld = (name: string): name is keyof typeof WORLDS => name in WORLDS;

const replay = async (seed: number, world: keyof typeof WORLDS, writes?: number): Promise<boolean> => {
  const result = await WORLDS[world].run(seed, {
    writes: writes ?? WORLDS[world].writes,
    trace: (time, machine, level, fields, sentence) =>
      print(
        `${String(time).padStart(7)} ${machine.padEnd(11)} ${level.padEnd(5)} ${sentence} ${JSON.stringify(fields)}`,
      ),
  });
  print('');
  for (const [what, count] of [...result.coverage].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    print(`${String(count).padStart(7)}  ${what}`);
  for (const { message, excerpt } of result.certificate?.violations ?? []) {
    print(`\n${message}`);
    for (const evidence of excerpt) print(`    ${JSON.stringify(evidence)}`);
  }
  for (const violation of result.violations) print(`seed ${seed}: ${violation}`);
  print(
    `seed ${seed}: ${result.commands} commands, ${result.virtualMs} virtual ms, ${result.violations.length} violations`,
  );
  return result.violations.length === 0;
};

/** Every so many seeds one world more, which is set back. */
const SET_BACK_EVERY_SEEDS = 5;

const simulate = async (first: number, seeds: number, writes = WRITES_PER_SEED): Promise<boolean> => {
  const began = performance.now();
  const totals = new Map<string, number>();
  let commands = 0;
  let failures = 0;
  let printedAt = began;
  const take = ({ seed, violations, coverage, commands: more }: SeedResult, world: string): void => {
    commands += more;
    for (const [what, count] of coverage) totals.set(what, (totals.get(what) ?? 0) + count);
    if (violations.length === 0) return;
    failures++;
    print(
      `seed ${seed}: ${violations[0]} (and ${violations.length - 1} more); replay with SEED=${seed}${world}`,
    );
  };
  for (let seed = first; seed < first + seeds; seed++) {
    take(await runSeed(seed, { writes }), '');
    if (seed % SET_BACK_EVERY_SEEDS === 0)
      take(await runSetBack(seed, { writes: SET_BACK_WRITES }), ' WORLD=set-back');
    const now = performance.now();
    if (now - printedAt < PROGRESS_EVERY_MS && seed < first + seeds - 1) continue;
    printedAt = now;
    const seconds = (now - began) / 1_000;
    print(
      `${seed - first + 1}/${seeds} seeds, ${commands} commands, ${Math.round(commands / seconds)} commands/s, ` +
        `${((seed - first + 1) / seconds).toFixed(1)} seeds/s, ${failures} failures`,
    );
  }
  const never = SOMETIMES.filter((what) => !totals.has(what));
  print('');
  for (const [what, count] of [...totals].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    print(`${String(count).padStart(9)}  ${what}`);
  for (const what of never) print(`    never  ${what}`);
  if (never.length > 0)
    print(
      `\n${never.length} things that must sometimes happen never did: take more seeds, or mend the simulator`,
    );
  print(`\nseeds ${first} to ${first + seeds - 1}: ${commands} commands, ${failures} failures`);
  return failures === 0 && never.length === 0;
};

const { world } = values;
if (!isWorld(world)) throw new Error(`there are the worlds ${Object.keys(WORLDS).join(' and ')}`);
const writes = values.writes === undefined ? undefined : Number(values.writes);
const isClean =
  values.seed === undefined
    ? await simulate(Number(values.from), Number(values.seeds), writes)
    : await replay(Number(values.seed), world, writes);
process.exitCode = isClean ? 0 : 1;
