/** Memory, and the time of a read and a write, by the number of Things: Shiny and the updater, on a log that was filled. */
import { PARTITIONS_DEFAULT } from '../../shared/records/topics.ts';
import type { BenchWorld } from '../kit/bench-world.ts';
import { openFilledLog } from '../kit/filled-log.ts';
import { startLoneService } from '../kit/lone-service.ts';
import { memoryMb } from '../kit/process-usage.ts';
import { quantile } from '../kit/rounds.ts';
import { openThingsClients } from '../kit/things-client.ts';
import { timeEach } from '../kit/timing.ts';

export interface ThingsGrowth {
  readonly things: number;
  readonly shinyMb: number;
  readonly updaterMb: number;
  readonly readMs: number;
  readonly writeMs: number;
}

const READS = 3_000;
const WRITES = 600;
const WARM_UP = 600;

export const growThings = async (world: BenchWorld, things: number): Promise<ThingsGrowth> => {
  const { namespace, add } = await openFilledLog(world, { withCommands: true });
  await add(things, things);
  const env = { NAMESPACE: namespace, DATA_DIR: world.folder() };
  const shiny = await startLoneService(world, 'shiny-api', env);
  const updater = await startLoneService(world, 'updater', env);
  const [client] = openThingsClients(world, shiny.url, 1);
  const anyId = (): string => String(1 + Math.floor(Math.random() * things));
  const read = () => client!.version(anyId());
  const written = await Promise.all(Array.from({ length: PARTITIONS_DEFAULT * 2 }, () => client!.create()));
  const write = (index: number) => client!.update(written[index % written.length]!);
  await timeEach(WARM_UP, write);
  await timeEach(WARM_UP, read);
  const writeMs = quantile(await timeEach(WRITES, write), 0.5);
  const readMs = quantile(await timeEach(READS, read), 0.5);
  return { things, shinyMb: memoryMb(shiny.pid), updaterMb: memoryMb(updater.pid), readMs, writeMs };
};
