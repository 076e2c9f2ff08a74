/** Switches of random partitions, one after the other, whatever state the playground is in. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from '../../shared/domain/thing.ts';
import { createUpdaterClient } from '../../scripts/client/updater-client.ts';

export interface ChaosSwitches {
  /** How many were sent, and how many could not be. */
  readonly counts: { sent: number; notSent: number };
  stop(): Promise<void>;
}

const GAP_MAX_MS = 600;
const DEADLINES_MS = [50, 500, 2_000, 5_000];

export const startChaosSwitches = (updaterUrl: string): ChaosSwitches => {
  const updater = createUpdaterClient(updaterUrl);
  const counts = { sent: 0, notSent: 0 };
  let stopped = false;
  const pick = <T>(from: readonly T[]): T => from[Math.floor(Math.random() * from.length)]!;

  const one = async (): Promise<void> => {
    const { partitions } = await updater.mastership();
    const { owner: master, partition } = pick(partitions);
    const to: Api = master === 'shiny' ? 'original' : 'shiny';
    const all = partitions.filter((other) => other.owner === master).map((other) => other.partition);
    const chosen = Math.random() < 0.1 ? all : [partition];
    await updater.begin(randomUUID(), { to, partitions: chosen, deadline_ms: pick(DEADLINES_MS) });
    counts.sent++;
  };
  const run = async (): Promise<void> => {
    while (!stopped) {
      await one().catch(() => counts.notSent++);
      await sleep(Math.random() * GAP_MAX_MS);
    }
  };
  const running = run();
  return {
    counts,
    stop: async () => {
      stopped = true;
      await running;
    },
  };
};
