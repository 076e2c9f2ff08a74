/** Row 9: how long a partition's commands wait while its mastership moves, under writes. */
import { randomUUID } from 'node:crypto';
import { PARTITIONS_DEFAULT } from '../../shared/log/topics.ts';
import type { Owner } from '../../shared/domain/thing.ts';
import { createUpdaterClient, type UpdaterClient } from '../../scripts/playground/updater-client.ts';
import { startLoad } from '../../scripts/load/load-generator.ts';
import { startFences } from '../bare/fence-transaction.ts';
import type { Comparison } from '../comparison.ts';
import { openPingPong, WARM_UP_TRIPS } from '../ping-pong.ts';
import { percentiles, timeEach } from '../timing.ts';

const RATE_PER_SECOND = 200;
const CLIENTS = 16;
const THINGS = 500;
/** Of each direction in a round, so that seven rounds make some fifty. */
const SWITCHES = 8;
const BARE_TRIPS = 100;
const WARM_UP_SWITCHES = PARTITIONS_DEFAULT;

export const switchPause = (to: Owner): Comparison => ({
  name: `switch-pause-to-${to}`,
  row: 9,
  ours: `pause of a switch to ${to} at ${RATE_PER_SECOND} operations per second`,
  bare: 'produce, consume, produce, consume, and a fence transaction',
  measures: [
    { name: 'p50', unit: 'ms', target: { atMost: 3 }, limit: { atMost: 100 } },
    { name: 'p99', unit: 'ms' },
  ],
  open: async (world) => {
    const { addresses } = await world.playground({ owner: 'original' });
    const updater = createUpdaterClient(addresses.updaterUrl);
    const load = startLoad({
      ...addresses,
      rate: RATE_PER_SECOND,
      clients: CLIENTS,
      things: THINGS,
      via: ['original', 'shiny'],
      onTry: () => undefined,
    });
    world.lifecycle.onClose('load', load.stop);
    const roundTrip = await openPingPong(world, 'platformatic');
    const fences = await startFences(world.stack.DATABASE_URL);
    world.lifecycle.onClose('fences', fences.close);

    let next = 0;
    const thereAndBack = async (count: number): Promise<number[]> => {
      const pauses: number[] = [];
      for (let done = 0; done < count; done++) {
        const partition = next++ % PARTITIONS_DEFAULT;
        for (const owner of ['shiny', 'original'] as const) {
          const pauseMs = await switched(updater, owner, partition);
          if (owner === to) pauses.push(pauseMs);
        }
      }
      return pauses;
    };
    const bare = (count: number) =>
      timeEach(count, async (index) => {
        await roundTrip(index);
        await fences.fence();
      });
    await thereAndBack(WARM_UP_SWITCHES);
    await bare(WARM_UP_TRIPS);
    return {
      ours: async () => percentiles(await thereAndBack(SWITCHES)),
      bare: async () => percentiles(await bare(BARE_TRIPS)),
    };
  },
});

/** The pause of one partition's switch, in milliseconds. */
const switched = async (updater: UpdaterClient, to: Owner, partition: number): Promise<number> => {
  const id = randomUUID();
  await updater.begin(id, { to, partitions: [partition], allow_loss: true });
  for (;;) {
    const { partitions } = await updater.switchOf(id);
    const [one] = partitions;
    if (one?.result === 'switched' && one.pause_ms !== undefined) return one.pause_ms;
    if (one !== undefined && one.result !== 'pending' && one.result !== 'switched')
      throw new Error(`a switch was ${one.result}: ${one.reason}`);
  }
};
