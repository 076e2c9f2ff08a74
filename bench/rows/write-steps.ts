/**
 * Rows 2 and 3 once more, against a bare program that has the same steps: HTTP, and the two ends of the log in processes
 * of their own. What is left of the ratio is what deciding, folding, storing and publishing cost.
 */
import { PARTITIONS_DEFAULT } from '../../shared/records/topics.ts';
import type { Comparison } from '../kit/comparison.ts';
import { WARM_UP_TRIPS } from '../kit/ping-pong.ts';
import { startSteps } from '../kit/steps.ts';
import { openThingsClients, thingsOf, type ThingsClient, type WrittenThing } from '../kit/things-client.ts';
import { percentiles, ratePerSecond, timeEach } from '../kit/timing.ts';

const CLIENTS = 64;
/** All processes compile what they do often. */
const WARM_UP_ROUNDS = 3;
const ROUND_MS = 2_500;
const WRITES = 800;
const BARE = 'the same steps: HTTP, and each end of the log in a process of its own';

export const writeLatencySteps: Comparison = {
  name: 'write-steps-latency',
  row: 2,
  ours: 'a write through Shiny, Shiny master, one client',
  bare: BARE,
  measures: [
    { name: 'p50', unit: 'ms' },
    { name: 'p99', unit: 'ms' },
  ],
  open: async (world) => {
    const { addresses } = await world.playground({ master: 'shiny' });
    const [writer] = openThingsClients(world, addresses.shinyUrl, 1);
    const things = await thingsOf(writer!, PARTITIONS_DEFAULT * 2);
    const [bareWriter] = openThingsClients(world, (await startSteps(world)).url, 1);
    const times = (client: ThingsClient, on: readonly WrittenThing[]) => (count: number) =>
      timeEach(count, (index) => client.update(on[index % on.length]!));
    const [ours, bare] = [times(writer!, things), times(bareWriter!, [{ id: '1', version: 0 }])];
    await ours(WARM_UP_TRIPS);
    await bare(WARM_UP_TRIPS);
    return {
      ours: async () => percentiles(await ours(WRITES)),
      bare: async () => percentiles(await bare(WRITES)),
    };
  },
};

export const writeThroughputSteps: Comparison = {
  name: 'write-steps-throughput',
  row: 3,
  ours: `writes through Shiny, Shiny master, ${CLIENTS} clients`,
  bare: BARE,
  measures: [{ name: 'rate', unit: 'per s' }],
  open: async (world) => {
    const { addresses } = await world.playground({ master: 'shiny' });
    const clients = openThingsClients(world, addresses.shinyUrl, CLIENTS);
    const things = await Promise.all(clients.map((client) => client.create()));
    const bareClients = openThingsClients(world, (await startSteps(world)).url, CLIENTS);
    const bareThing: WrittenThing = { id: '1', version: 0 };
    const ours = () => ratePerSecond(CLIENTS, ROUND_MS, (at) => clients[at]!.update(things[at]!));
    const bare = () => ratePerSecond(CLIENTS, ROUND_MS, (at) => bareClients[at]!.update(bareThing));
    for (let warmUps = 0; warmUps < WARM_UP_ROUNDS; warmUps++) {
      await ours();
      await bare();
    }
    return { ours: async () => ({ rate: await ours() }), bare: async () => ({ rate: await bare() }) };
  },
};
