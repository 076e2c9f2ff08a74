/** What can go wrong: each fault does its harm, waits, and takes it back. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '../../scripts/services.ts';
import type { ChaosWorld } from './chaos-world.ts';
import { backUp } from './set-back.ts';
import { openTransaction, writeGarbage } from './strangers.ts';

export interface ChaosFault {
  readonly name: string;
  inflict(): Promise<void>;
}

const SERVICES: readonly Service[] = ['original-api', 'shiny-api', 'updater'];
const STOPPED_MIN_MS = 100;
const STACK_DOWN_MAX_MS = 3_000;
const CLOCK_JUMP_MAX_MS = 7_200_000;
const CLOCK_WRONG_MS = 3_000;
const TRANSACTION_MAX_MS = 4_000;
const ANSWERS_CUT_MAX = 8;
const CUT_WAIT_MS = 2_000;
const SIGNAL_TRIES_MAX = 100;
const SIGNAL_RETRY_MS = 50;

const between = (low: number, high: number): number => low + Math.random() * (high - low);

/** It may have died a moment ago, and not be started again yet. Returns the process that was there. */
const signal = async (world: ChaosWorld, service: Service, name: NodeJS.Signals): Promise<number> => {
  for (let tries = 1; ; tries++) {
    try {
      const pid = await world.services().pid(service);
      process.kill(pid, name);
      return pid;
    } catch (error) {
      if (tries >= SIGNAL_TRIES_MAX) throw error;
      await sleep(SIGNAL_RETRY_MS);
    }
  }
};

/** It may have been killed as well. */
const goOn = (pid: number): void => {
  try {
    process.kill(pid, 'SIGCONT');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

/** `stoppedMaxMs`: how long a stopped service, at most, does not know that time goes on. */
export const chaosFaults = (world: ChaosWorld, stoppedMaxMs: number): ChaosFault[] => [
  ...SERVICES.map((service) => ({
    name: `kill -9 of ${service}`,
    inflict: async () => {
      await signal(world, service, 'SIGKILL');
    },
  })),
  ...SERVICES.map((service) => ({
    name: `${service} stopped for a while (SIGSTOP)`,
    inflict: async () => {
      const pid = await signal(world, service, 'SIGSTOP');
      // Short ones more often than long ones.
      await sleep(STOPPED_MIN_MS + (stoppedMaxMs - STOPPED_MIN_MS) * Math.random() ** 2);
      goOn(pid);
    },
  })),
  {
    name: 'the broker stopped and started',
    inflict: async () => {
      await world.stopBroker();
      await sleep(between(0, STACK_DOWN_MAX_MS));
      await world.startBroker();
    },
  },
  {
    name: 'Postgres stopped at once and started',
    inflict: async () => {
      await world.stopPostgres();
      await sleep(between(0, STACK_DOWN_MAX_MS));
      await world.startPostgres();
    },
  },
  ...SERVICES.map((service) => ({
    name: `the clock of ${service} jumped`,
    inflict: async () => {
      world.setClock(service, between(-CLOCK_JUMP_MAX_MS, CLOCK_JUMP_MAX_MS));
      await sleep(CLOCK_WRONG_MS);
      world.setClock(service, 0);
    },
  })),
  {
    name: "a stranger's transaction stays open",
    inflict: async () => {
      const end = await openTransaction(world.databaseUrl);
      await sleep(between(0, TRANSACTION_MAX_MS));
      await end();
    },
  },
  {
    name: "a backup of Original's database",
    inflict: () => backUp(world),
  },
  {
    name: "a stranger's records in our topics",
    inflict: () => writeGarbage(world.settings),
  },
  ...Object.entries(world.proxies).map(([between_, proxy]) => ({
    name: `answers cut between ${between_}`,
    inflict: async () => {
      proxy.cutAnswers(1 + Math.floor(Math.random() * ANSWERS_CUT_MAX));
      await sleep(CUT_WAIT_MS);
    },
  })),
];
