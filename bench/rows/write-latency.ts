/** Row 2: a write through Shiny while Shiny is master, by one client. */
import { PARTITIONS_DEFAULT } from '../../shared/records/topics.ts';
import type { KafkaClientName } from '../../shared/log/kafka-access.ts';
import type { Comparison } from '../kit/comparison.ts';
import { openPingPong, WARM_UP_TRIPS } from '../kit/ping-pong.ts';
import { openThingsClients, thingsOf } from '../kit/things-client.ts';
import { percentiles, timeEach } from '../kit/timing.ts';

const WRITES = 800;

export const writeLatency = (client: KafkaClientName): Comparison => ({
  name: `write-latency-${client}`,
  row: 2,
  ours: `a write through Shiny, Shiny master, one client (${client})`,
  bare: 'produce, consume, produce, consume',
  measures: [
    { name: 'p50', unit: 'ms', target: { atMost: 1.4 } },
    { name: 'p99', unit: 'ms', target: { atMost: 2 } },
  ],
  open: async (world) => {
    const { addresses } = await world.playground({ master: 'shiny', client });
    const [writer] = openThingsClients(world, addresses.shinyUrl, 1);
    const things = await thingsOf(writer!, PARTITIONS_DEFAULT * 2);
    const roundTrip = await openPingPong(world, client);
    const ours = (count: number) =>
      timeEach(count, (index) => writer!.update(things[index % things.length]!));
    const bare = (count: number) => timeEach(count, roundTrip);
    await ours(WARM_UP_TRIPS);
    await bare(WARM_UP_TRIPS);
    return {
      ours: async () => percentiles(await ours(WRITES)),
      bare: async () => percentiles(await bare(WRITES)),
    };
  },
});
