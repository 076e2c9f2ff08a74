/** Row 2: a write through Shiny while Shiny is master, by one client. */
import type { Comparison } from '../comparison.ts';
import { startPingPong } from '../bare/ping-pong.ts';
import { createThingsClient, type WrittenThing } from '../things-client.ts';
import { percentiles, timeEach } from '../timing.ts';
import { PARTITIONS_DEFAULT } from '../../shared/log/topics.ts';

const WRITES = 400;
const WARM_UP_WRITES = 600;
/** As large as a command. */
const VALUE = Buffer.alloc(120);

export const writeLatency: Comparison = {
  name: 'write-latency',
  row: 2,
  ours: 'write through Shiny, Shiny master, one client',
  bare: 'produce, consume, produce, consume',
  measures: [
    { name: 'p50', unit: 'ms', target: { atMost: 1.4 } },
    { name: 'p99', unit: 'ms', target: { atMost: 2 } },
  ],
  open: async (world) => {
    const { addresses } = await world.playground({ owner: 'shiny' });
    const client = createThingsClient(addresses.shinyUrl);
    world.lifecycle.onClose('client', () => client.close());
    const pingPong = await startPingPong({
      brokers: world.stack.KAFKA_BROKERS.split(','),
      partitions: PARTITIONS_DEFAULT,
    });
    world.lifecycle.onClose('ping-pong', pingPong.close);
    const things: WrittenThing[] = [];
    for (let made = 0; made < PARTITIONS_DEFAULT * 2; made++) things.push(await client.create());
    const ours = (count: number) => timeEach(count, (index) => client.update(things[index % things.length]!));
    const bare = (count: number) =>
      timeEach(count, (index) => pingPong.roundTrip(index % PARTITIONS_DEFAULT, VALUE));
    // Each partition's first index entry costs some 90 ms, once.
    await ours(WARM_UP_WRITES);
    await bare(WARM_UP_WRITES);
    return {
      ours: async () => percentiles(await ours(WRITES)),
      bare: async () => percentiles(await bare(WRITES)),
    };
  },
};
