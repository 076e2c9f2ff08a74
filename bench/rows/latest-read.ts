/** Row 10: a linearizable read on Shiny, which asks the log for its end. */
import { topicName } from '../../shared/log/topics.ts';
import { startAsking } from '../bare/end-offsets.ts';
import type { Comparison } from '../comparison.ts';
import { openThingsClients } from '../things-client.ts';
import { percentiles, timeEach } from '../timing.ts';

const READS = 300;

/** `readers` at once; those that ask at the same time share a request. */
export const latestRead = (readers: number): Comparison => ({
  name: `latest-read-${readers}`,
  row: 10,
  ours: `no-cache read on Shiny, ${readers === 1 ? 'one reader' : `${readers} readers at once`}`,
  bare: `end offsets of the topic, ${readers === 1 ? 'asked once' : `asked ${readers} times at once`}`,
  measures: [
    { name: 'p50', unit: 'ms', target: { atMost: 1.5 } },
    { name: 'p99', unit: 'ms' },
  ],
  open: async (world) => {
    const { addresses, namespace } = await world.playground({ owner: 'shiny' });
    const clients = openThingsClients(world, addresses.shinyUrl, readers);
    const thing = await clients[0]!.create();
    const asking = await startAsking(
      world.stack.KAFKA_BROKERS.split(','),
      topicName(namespace, 'things.outcomes'),
    );
    world.lifecycle.onClose('asking', asking.close);
    const all = async (work: (reader: number) => Promise<unknown>): Promise<number[]> => {
      const each = clients.map((_, reader) => timeEach(READS / readers, () => work(reader)));
      return (await Promise.all(each)).flat();
    };
    return {
      ours: async () => percentiles(await all((reader) => clients[reader]!.readLatest(thing.id))),
      bare: async () => percentiles(await all(asking.ask)),
    };
  },
});
