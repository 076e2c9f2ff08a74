/** Writes per second by the number of updaters: what several cost each other. */
import type { BenchWorld } from '../kit/bench-world.ts';
import { startLoneService } from '../kit/lone-service.ts';
import { openThingsClients } from '../kit/things-client.ts';
import { ratePerSecond } from '../kit/timing.ts';

const CLIENTS = 64;
const WARM_UP_MS = 3_000;
const RUN_MS = 8_000;

export const rateWithUpdaters = async (world: BenchWorld, updaters: number): Promise<number> => {
  const { addresses, namespace } = await world.playground({ master: 'shiny' });
  for (let more = 1; more < updaters; more++)
    await startLoneService(world, 'updater', { NAMESPACE: namespace, DATA_DIR: world.folder() });
  const clients = openThingsClients(world, addresses.shinyUrl, CLIENTS);
  const things = await Promise.all(clients.map((client) => client.create()));
  const write = (at: number) => clients[at]!.update(things[at]!);
  await ratePerSecond(CLIENTS, WARM_UP_MS, write);
  return ratePerSecond(CLIENTS, RUN_MS, write);
};
