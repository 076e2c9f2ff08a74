/** What disturbs a run: crashes, pauses, and switches of random partitions, until it is told to end. */
import type { Api } from '../../shared/domain/thing.ts';
import type { FaultRates } from './fault-rates.ts';
import type { Random } from './random.ts';
import type { Slot, World } from './world.ts';

export interface Disturbance {
  switches(): number;
  /** No more of it; what is down comes up again. */
  end(): void;
}

const DOWN_MAX_MS = 800;
/** Longer than the standby of an updater and the wait of an API: a process resumes with an outdated state. */
const PAUSE_MAX_MS = 5_000;
const DEADLINES_MS = [1, 20, 100, 500, 3_000];
const SLOW_FACTOR = 8;
const ENABLE_MAX_MS = 2_000;

export const startDisturbance = (world: World, rates: FaultRates, random: Random): Disturbance => {
  const { time, coverage } = world;
  let ended = false;
  let switches = 0;
  let lastId: string | undefined;

  const every = (meanMs: number, act: () => void): void => {
    if (meanMs === 0) return;
    const again = (): void => {
      if (ended) return;
      act();
      time.after(random.between(1, 2 * meanMs), again);
    };
    time.after(random.between(1, 2 * meanMs), again);
  };
  const restart = (slot: Slot<unknown>): void => {
    if (!slot.machine().isAlive()) slot.start();
  };
  const crash = (): void => {
    const slot = random.pick(world.slots());
    if (!slot.machine().isAlive()) return;
    slot.machine().crash();
    coverage.saw(`fault: ${slot.name.replace(/-\d+$/, '')} crashed`);
    if (random.chance(0.4)) slot.wipe();
    time.after(random.between(1, DOWN_MAX_MS), () => restart(slot));
  };
  const pause = (): void => {
    const slot = random.pick(world.slots());
    slot.machine().pause(random.between(1, random.chance(0.5) ? 400 : PAUSE_MAX_MS));
    coverage.saw(`fault: ${slot.name.replace(/-\d+$/, '')} was paused`);
  };

  const beginSwitch = (): void => {
    const node = random.pick(world.updaters).node();
    if (node === undefined || node.deciding.notReady() !== undefined) return;
    const all = Array.from({ length: world.genesis.partitions }, (_, partition) => partition);
    const partitions = random.chance(0.2) ? all : [random.pick(all)];
    const present = node.store.state(partitions[0]!).header;
    const opposite: Api = present.master === 'shiny' ? 'original' : 'shiny';
    // Now and then one that does not fit, or one that was there before.
    const to = random.chance(0.05) ? present.master : opposite;
    const expectedEpochs = random.chance(0.05) ? { [partitions[0]!]: present.epoch + 1 } : {};
    const id = lastId !== undefined && random.chance(0.05) ? lastId : `s${switches}`;
    if (id === lastId) coverage.saw('a repeated switch was let go');
    lastId = id;
    switches++;
    const deadlineMs = random.pick(DEADLINES_MS);
    const allowLoss = random.chance(0.5);
    node.requests
      .send({ id, to, partitions, expectedEpochs, deadlineMs, allowLoss })
      .catch(() => coverage.saw('fault: a switch could not be sent'));
  };

  if (rates.olderRelease)
    for (let partition = 0; partition < world.genesis.partitions; partition++)
      time.after(random.between(1, ENABLE_MAX_MS), () => {
        if (!ended) void world.upgrade.enable(partition);
      });
  every(rates.crashEveryMs, crash);
  every(rates.pauseEveryMs, pause);
  every(rates.switchEveryMs, beginSwitch);
  if (rates.slowMachine) random.pick(world.slots()).slowDown(SLOW_FACTOR);
  return {
    switches: () => switches,
    end: () => {
      ended = true;
      Object.assign(rates, {
        appendLost: 0,
        appendTwice: 0,
        appendRefused: 0,
        answerLost: 0,
        callLost: 0,
        relayTwice: 0,
      });
      for (const slot of world.slots()) {
        slot.machine().pause(0);
        restart(slot);
      }
    },
  };
};
