/** Row 10: a linearizable read on Shiny, which asks the log for its end. */
import { topicName } from '../../shared/records/topics.ts';
import { startAsking } from '../bare/end-offsets.ts';
import type { BenchWorld } from '../kit/bench-world.ts';
import type { Comparison } from '../kit/comparison.ts';
import { openThingsClients } from '../kit/things-client.ts';
import { percentiles, timeEach } from '../kit/timing.ts';

const READS = 1_600;
const WARM_UP_READS = 4_800;

/** Asks once, as one of the readers; on the bare side. */
type Ask = (reader: number) => Promise<unknown>;
interface Bare extends Pick<Comparison, 'name' | 'bare' | 'measures'> {
  open(world: BenchWorld, topic: string, thingId: string): Promise<Ask>;
}

/** `readers` at once; those that ask at the same time share a request. */
const comparison = (readers: number, { open, ...part }: Bare): Comparison => ({
  ...part,
  row: 10,
  ours: `no-cache read on Shiny, ${readers === 1 ? 'one reader' : `${readers} readers at once`}`,
  open: async (world) => {
    const { addresses, namespace } = await world.playground({ master: 'shiny' });
    const clients = openThingsClients(world, addresses.shinyUrl, readers);
    const thing = await clients[0]!.create();
    const ask = await open(world, topicName(namespace, 'things.outcomes'), thing.id);
    const all = async (work: Ask, reads = READS): Promise<number[]> => {
      const each = clients.map((_, reader) => timeEach(reads / readers, () => work(reader)));
      return (await Promise.all(each)).flat();
    };
    const ours: Ask = (reader) => clients[reader]!.readLatest(thing.id);
    await all(ours, WARM_UP_READS);
    await all(ask, WARM_UP_READS);
    return {
      ours: async () => percentiles(await all(ours)),
      bare: async () => percentiles(await all(ask)),
    };
  },
});

export const latestRead = (readers: number): Comparison =>
  comparison(readers, {
    name: `latest-read-${readers}`,
    bare: `end offsets of the topic, ${readers === 1 ? 'asked once' : `asked ${readers} times at once`}`,
    measures: [
      { name: 'p50', unit: 'ms', target: { atMost: 1.5 } },
      { name: 'p99', unit: 'ms' },
    ],
    open: async (world, topic) => {
      const asking = await startAsking(world.stack.KAFKA_BROKERS.split(','), topic);
      world.lifecycle.onClose('asking', asking.close);
      return asking.ask;
    },
  });

export const latestReadSteps: Comparison = comparison(1, {
  name: 'latest-read-steps',
  bare: 'the same steps: over HTTP, end offsets of the topic',
  measures: [
    { name: 'p50', unit: 'ms' },
    { name: 'p99', unit: 'ms' },
  ],
  open: async (world, topic, thingId) => {
    const { url } = await world.bareServer('end-offsets-server.ts', [
      thingId,
      world.stack.KAFKA_BROKERS,
      topic,
    ]);
    const [client] = openThingsClients(world, url, 1);
    return () => client!.readLatest(thingId);
  },
});
