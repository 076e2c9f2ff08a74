/** One run of the simulator: a world, clients and faults drawn from one seed; then quiet, and the invariants. */
import type { Certificate } from '../checker/certificate.ts';
import { startDisturbance } from './disturbance.ts';
import { startForeignRecords } from './foreign-records.ts';
import { drawFaultRates } from './fault-rates.ts';
import { isQuiet, judge } from './invariants.ts';
import { switchEachPartition } from './final-switch-check.ts';
import { createRandom } from './random.ts';
import { createCoverage } from './coverage.ts';
import { startWorkload } from './workload.ts';
import { createWorld, type WorldSettings } from './world.ts';

export interface SeedResult {
  readonly seed: number;
  /** Writes of clients, tries apart, and switches. */
  readonly commands: number;
  readonly violations: readonly string[];
  readonly certificate: Certificate | undefined;
  readonly coverage: ReadonlyMap<string, number>;
  /** Virtual milliseconds. */
  readonly virtualMs: number;
}

export interface SeedOptions {
  /** Writes per run. */
  readonly writes: number;
  readonly trace?: WorldSettings['trace'];
}

export const WRITES_PER_SEED = 2_000;
/** Where faults come thick and fast, not all writes get their turn. */
const RUN_MAX_MS = 120_000;
/** Every schedule of faults that ends is followed by progress (invariant 8); so long after the last fault. */
const QUIET_MAX_MS = 60_000;
/** Until the publisher of the latest states has looked twice, and tried again what was refused. */
const TOPIC_SETTLE_MS = 65_000;

export const runSeed = async (seed: number, { writes, trace }: SeedOptions): Promise<SeedResult> => {
  const random = createRandom(seed);
  const rates = drawFaultRates(random);
  const coverage = createCoverage();
  const partitions = random.between(1, 3);
  const master = random.chance(0.5) ? 'original' : 'shiny';
  const world = await createWorld({ partitions, master, rates, trace }, random.fork(), coverage);
  const clients = random.pick([4, 32, 128]);
  const things = partitions * random.between(2, 12);
  const floats = random.chance(0.4);
  const workload = startWorkload(world, { clients, writes, things, floats }, random.fork());
  const disturbance = startDisturbance(world, rates, random.fork());
  const foreign = startForeignRecords(world, rates, random.fork());

  const violations: string[] = [];
  await world.time.run(workload.done, RUN_MAX_MS);
  workload.end();
  disturbance.end();
  foreign.end();
  if (!(await world.time.run(workload.done, QUIET_MAX_MS)))
    violations.push(`clients got no answer ${QUIET_MAX_MS} virtual ms after the last fault (invariant 8)`);
  let isDone = await world.time.run(() => isQuiet(world), QUIET_MAX_MS);
  if (isDone) {
    violations.push(...(await switchEachPartition(world)));
    isDone = await world.time.run(() => isQuiet(world), QUIET_MAX_MS);
  }
  if (!isDone) violations.push(`not quiet ${QUIET_MAX_MS} virtual ms after the last fault (invariant 8)`);
  await world.time.run(() => false, TOPIC_SETTLE_MS);
  const judged = isDone ? await judge(world, workload.history) : undefined;
  return {
    seed,
    commands: workload.writes() + disturbance.switches(),
    violations: [...violations, ...(judged?.violations ?? world.deaths)],
    certificate: judged?.certificate,
    coverage: coverage.counts(),
    virtualMs: world.time.monotonic(),
  };
};
