/** What the three services take while nobody asks them for anything. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaClientName } from '../../shared/log/kafka-access.ts';
import type { BenchWorld } from '../kit/bench-world.ts';
import { cpuSecondsOf } from '../kit/process-usage.ts';

/** Of one core, in percent, all three together. */
export const idleCpuPercent = async (
  world: BenchWorld,
  client: KafkaClientName,
  idleMs: number,
  /** Node compiles, and collects the garbage of its start, for a while. */
  settleMs: number,
): Promise<number> => {
  const { services } = await world.playground({ master: 'original', client });
  const total = async (): Promise<number> =>
    (await Promise.all(Object.values(services().urls).map(cpuSecondsOf))).reduce(
      (sum, seconds) => sum + seconds,
      0,
    );
  await sleep(settleMs);
  const [before, began] = [await total(), performance.now()];
  await sleep(idleMs);
  return (100 * ((await total()) - before) * 1_000) / (performance.now() - began);
};
