/** Row 8: from a commit in Original until Shiny shows it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PARTITIONS_DEFAULT } from '../../shared/records/topics.ts';
import { startNotifier } from '../bare/notify.ts';
import type { Comparison } from '../kit/comparison.ts';
import { openPingPong, WARM_UP_TRIPS } from '../kit/ping-pong.ts';
import { openThingsClients, thingsOf } from '../kit/things-client.ts';
import { percentiles } from '../kit/timing.ts';

const WRITES = 200;
const POLL_MS = 1;

export const visibility: Comparison = {
  name: 'visibility',
  row: 8,
  ours: 'from a commit in Original until a read on Shiny shows it',
  bare: 'from an insert with NOTIFY on: produce, consume, produce, consume',
  measures: [
    { name: 'p50', unit: 'ms', target: { atMost: 1.5 } },
    { name: 'p99', unit: 'ms' },
  ],
  open: async (world) => {
    const { addresses } = await world.playground({ master: 'original' });
    const [writer] = openThingsClients(world, addresses.originalUrl, 1);
    const [reader] = openThingsClients(world, addresses.shinyUrl, 1);
    const things = await thingsOf(writer!, PARTITIONS_DEFAULT * 2);
    const roundTrip = await openPingPong(world, 'platformatic');
    const notifier = await startNotifier(world.stack.DATABASE_URL);
    world.lifecycle.onClose('notifier', notifier.close);
    let [trips, arrived] = [0, 0];
    notifier.onNotice(() => void roundTrip(trips++).then(() => arrived++));

    const ours = async (count: number): Promise<number[]> => {
      const times: number[] = [];
      for (let index = 0; index < count; index++) {
        const thing = things[index % things.length]!;
        await writer!.update(thing);
        const committed = performance.now();
        // In a busy loop the reader would take the processor from those whom it waits for.
        while ((await reader!.version(thing.id)) < thing.version) await sleep(POLL_MS);
        times.push(performance.now() - committed);
      }
      return times;
    };
    const bare = async (count: number): Promise<number[]> => {
      const times: number[] = [];
      for (let index = 0; index < count; index++) {
        const due = arrived + 1;
        await notifier.insert();
        const committed = performance.now();
        // As often as ours is looked at.
        while (arrived < due) await sleep(POLL_MS);
        times.push(performance.now() - committed);
      }
      return times;
    };
    await ours(WARM_UP_TRIPS);
    await bare(WARM_UP_TRIPS);
    return {
      ours: async () => percentiles(await ours(WRITES)),
      bare: async () => percentiles(await bare(WRITES)),
    };
  },
};
