/**
 * Worlds that lose acknowledged and stored writes: Original's database is restored from a backup, or entries of its feed
 * vanish. No protocol can recover them. What must hold: the loss is reported with the partition, and the log stays unchanged
 * (docs/protocol.md, P16). Where no loss is reported, table and log are equal.
 */
import { isDeepStrictEqual } from 'node:util';
import { mappedToOriginal } from '../../shared/domain/mapping.ts';
import { partitionOfThing } from '../../shared/domain/partition.ts';
import type { Thing } from '../../shared/domain/thing.ts';
import { drawFaultRates, type FaultRates } from './fault-rates.ts';
import { startDisturbance } from './disturbance.ts';
import { createRandom, type Random } from './random.ts';
import type { SeedOptions, SeedResult } from './run-seed.ts';
import { createCoverage } from './coverage.ts';
import { startWorkload } from './workload.ts';
import { createWorld, type World } from './world.ts';

export const SET_BACK_WRITES = 400;

const RUN_MAX_MS = 60_000;
const SETTLE_MS = 20_000;
const SUPERVISE_EVERY_MS = 500;
/** The error that ends a mirror whose position was set back; after a restart the mirror reads on from there. */
const MIRROR_ANEW = 'StoreSetBackError';

export const runSetBack = async (seed: number, { writes, trace }: SeedOptions): Promise<SeedResult> => {
  const random = createRandom(seed);
  const coverage = createCoverage();
  const partitions = random.between(1, 3);
  const kind = random.pick(['database', 'feed'] as const);
  const rates: FaultRates = {
    ...drawFaultRates(random),
    crashEveryMs: 0,
    foreignEveryMs: 0,
    otherRelease: false,
    olderRelease: false,
  };
  const master = random.chance(0.7) ? 'original' : 'shiny';
  const world = await createWorld({ partitions, master, rates, trace }, random.fork(), coverage);
  const workload = startWorkload(
    world,
    { clients: 16, writes, things: partitions * 8, floats: false },
    random.fork(),
  );
  const disturbance = startDisturbance(
    world,
    { ...rates, pauseEveryMs: 0, switchEveryMs: random.chance(0.5) ? rates.switchEveryMs : 0 },
    random.fork(),
  );
  const half = (): boolean => workload.writes() >= writes / 2;
  await world.time.run(() => workload.writes() >= writes / 4, RUN_MAX_MS);
  const putBack = world.things.capture();
  await world.time.run(half, RUN_MAX_MS);
  if (kind === 'database') setBack(world, putBack, random);
  else await loseFeed(world, random);
  const supervised = superviseOriginals(world);
  await world.time.run(workload.done, RUN_MAX_MS);
  workload.end();
  disturbance.end();
  await world.time.run(() => false, SETTLE_MS);
  supervised.end();
  coverage.saw(
    kind === 'database' ? 'fault: the database was set back' : 'fault: entries of the feed were lost',
  );
  return {
    seed,
    commands: workload.writes(),
    violations: [
      ...(await unsaidDifferences(world)),
      ...world.deaths.filter((death) => !death.includes(MIRROR_ANEW)),
    ],
    certificate: undefined,
    coverage: coverage.counts(),
    virtualMs: world.time.monotonic(),
  };
};

/** At once, under processes that live, or while all of Original is down. */
const setBack = (world: World, putBack: () => void, random: Random): void => {
  const isRestart = random.chance(0.5);
  if (isRestart) for (const slot of world.originals) slot.machine().crash();
  putBack();
  if (isRestart) for (const slot of world.originals) slot.start();
};

/** Acknowledged by the broker, and gone: what the relay appends in the next moment. */
const loseFeed = async (world: World, random: Random): Promise<void> => {
  world.loseFeed(true);
  await world.time.run(() => false, random.between(1, 200));
  world.loseFeed(false);
};

/** A process that ends is started again. */
const superviseOriginals = (world: World): { end: () => void } => {
  let ended = false;
  const look = (): void => {
    if (ended) return;
    for (const slot of world.originals) if (!slot.machine().isAlive()) slot.start();
    world.time.after(SUPERVISE_EVERY_MS, look);
  };
  look();
  return {
    end: () => {
      ended = true;
    },
  };
};

const unsaidDifferences = async (world: World): Promise<string[]> => {
  const table = await world.things.things(0, Number.MAX_SAFE_INTEGER);
  const { partitions } = world.genesis;
  const { store } = world.updaters[0]!.node()!;
  const said = saidPartitions(world);
  const violations: string[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    const inLog = [...(store.state(partition).things as Map<number, Thing>).values()]
      .filter(({ deleted }) => !deleted)
      .map(mappedToOriginal);
    const inTable = table.filter(({ id }) => partitionOfThing(id, partitions) === partition);
    const isEqual = isDeepStrictEqual(byId(inLog), byId(inTable));
    if (!isEqual && !said.has(partition))
      violations.push(`partition ${partition}: table and log differ, and nobody says so`);
  }
  return violations;
};

const byId = (things: readonly Thing[]): Thing[] => things.toSorted((a, b) => a.id - b.id);

const saidPartitions = (world: World): Set<number> => {
  const said = new Set<number>();
  for (const slot of world.updaters)
    for (const [partition, { state }] of (slot.node()?.deciding.statuses() ?? []).entries())
      if (state === 'diverged') said.add(partition);
  for (const slot of world.originals)
    for (let partition = 0; partition < world.genesis.partitions; partition++)
      if (slot.node()?.storeFault(partition) !== undefined) said.add(partition);
  return said;
};
