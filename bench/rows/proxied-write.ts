/** Row 4: a write through Shiny while Original is master. */
import { Client } from 'undici';
import { PARTITIONS_DEFAULT } from '../../shared/records/topics.ts';
import type { Comparison } from '../kit/comparison.ts';
import { openPingPong, WARM_UP_TRIPS } from '../kit/ping-pong.ts';
import { openThingsClients, thingsOf } from '../kit/things-client.ts';
import { percentiles, timeEach } from '../kit/timing.ts';

const WRITES = 300;

export const proxiedWrite: Comparison = {
  name: 'proxied-write',
  row: 4,
  ours: 'a write through Shiny, Original master, one client',
  bare: 'the same round trip with a hop over HTTP and one compare-and-set statement in the middle',
  measures: [
    { name: 'p50', unit: 'ms', target: { atMost: 1.5 } },
    { name: 'p99', unit: 'ms' },
  ],
  open: async (world) => {
    const { addresses } = await world.playground({ master: 'original' });
    const [writer] = openThingsClients(world, addresses.shinyUrl, 1);
    const things = await thingsOf(writer!, PARTITIONS_DEFAULT * 2);
    const { url } = await world.bareServer('cas-server.ts', [world.stack.DATABASE_URL]);
    const server = new Client(url);
    world.lifecycle.onClose('client', () => server.close());
    let version = 0;
    const roundTrip = await openPingPong(world, 'platformatic', async () => {
      const body = JSON.stringify({ name: 'benchmark', foo: version, version });
      const answer = await server.request({ method: 'POST', path: '/api/things/1', body });
      await answer.body.dump();
      if (answer.statusCode === 200) version++;
    });
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
};
