/** Row 9: how long a partition's commands wait while its mastership moves, under writes. */
import { randomUUID } from 'node:crypto';
import { Client } from 'undici';
import { PARTITIONS_DEFAULT } from '../../shared/records/topics.ts';
import type { Api } from '../../shared/domain/thing.ts';
import { createUpdaterClient, type UpdaterClient } from '../../scripts/client/updater-client.ts';
import { startLoad } from '../../proof/load/load-generator.ts';
import { startFences } from '../bare/fence-transaction.ts';
import type { BenchWorld } from '../kit/bench-world.ts';
import type { Comparison } from '../kit/comparison.ts';
import { openPingPong, WARM_UP_TRIPS } from '../kit/ping-pong.ts';
import { percentiles, timeEach } from '../kit/timing.ts';

const RATE_PER_SECOND = 200;
const CLIENTS = 16;
const THINGS = 500;
/** Of each direction in a round, so that seven rounds make some fifty. */
const SWITCHES = 8;
const BARE_TRIPS = 100;
const WARM_UP_SWITCHES = PARTITIONS_DEFAULT * 4;

/** Does once what a switch is compared with. */
type Bare = (index: number) => Promise<void>;

const comparison = (
  to: Api,
  openBare: (world: BenchWorld) => Promise<Bare>,
  part: Pick<Comparison, 'name' | 'bare' | 'measures'>,
): Comparison => ({
  ...part,
  row: 9,
  ours: `pause of a switch to ${to} at ${RATE_PER_SECOND} operations per second`,
  open: async (world) => {
    const { addresses } = await world.playground({ master: 'original' });
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
    const once = await openBare(world);

    let next = 0;
    const thereAndBack = async (count: number): Promise<number[]> => {
      const pauses: number[] = [];
      for (let done = 0; done < count; done++) {
        const partition = next++ % PARTITIONS_DEFAULT;
        for (const master of ['shiny', 'original'] as const) {
          const pauseMs = await switched(updater, master, partition);
          if (master === to) pauses.push(pauseMs);
        }
      }
      return pauses;
    };
    await thereAndBack(WARM_UP_SWITCHES);
    await timeEach(WARM_UP_TRIPS, once);
    return {
      ours: async () => percentiles(await thereAndBack(SWITCHES)),
      bare: async () => percentiles(await timeEach(BARE_TRIPS, once)),
    };
  },
});

const openFence = async (world: BenchWorld): Promise<Bare> => {
  const roundTrip = await openPingPong(world, 'platformatic');
  const fences = await startFences(world.stack.DATABASE_URL);
  world.lifecycle.onClose('fences', fences.close);
  return async (index) => {
    await roundTrip(index);
    await fences.fence();
  };
};

export const switchPause = (to: Api): Comparison =>
  comparison(to, openFence, {
    name: `switch-pause-to-${to}`,
    bare: 'produce, consume, produce, consume, and a fence transaction',
    measures: [
      { name: 'p50', unit: 'ms', target: { atMost: 3 }, limit: { atMost: 100 } },
      { name: 'p99', unit: 'ms' },
    ],
  });

const openSteps = async (world: BenchWorld): Promise<{ look(): Promise<void>; fence(): Promise<void> }> => {
  const { url } = await world.bareServer('fence-server.ts', [world.stack.DATABASE_URL]);
  const server = new Client(url);
  world.lifecycle.onClose('client', () => server.close());
  const ask = async (method: 'GET' | 'POST'): Promise<void> =>
    (await server.request({ method, path: '/' })).body.dump();
  return { look: () => ask('GET'), fence: () => ask('POST') };
};

/** The master and the relay are asked, then the fence; the relay looks; feed and outcomes; `switched`. */
const openStepsToShiny = async (world: BenchWorld): Promise<Bare> => {
  const { look, fence } = await openSteps(world);
  const roundTrip = await openPingPong(world, 'platformatic');
  let arrived = (): void => undefined;
  const lastTrip = await openPingPong(world, 'platformatic', async () => arrived());
  return async (index) => {
    await Promise.all([look(), look()]);
    await fence();
    await look();
    await roundTrip(index);
    const { promise, resolve } = Promise.withResolvers<void>();
    arrived = resolve;
    void lastTrip(index);
    await promise;
  };
};

/** The master is asked; `released`, which the mirror applies; the master is asked again; `switched`. */
const openStepsToOriginal = async (world: BenchWorld): Promise<Bare> => {
  const { look, fence } = await openSteps(world);
  const roundTrip = await openPingPong(world, 'platformatic', async () => {
    await fence();
    await look();
  });
  return async (index) => {
    await look();
    await roundTrip(index);
  };
};

export const switchPauseSteps = (to: Api): Comparison =>
  comparison(to, to === 'shiny' ? openStepsToShiny : openStepsToOriginal, {
    name: `switch-steps-to-${to}`,
    bare: 'the same steps: what is asked and written, over HTTP and through the log',
    measures: [
      { name: 'p50', unit: 'ms' },
      { name: 'p99', unit: 'ms' },
    ],
  });

/** The pause of one partition's switch, in milliseconds. */
const switched = async (updater: UpdaterClient, to: Api, partition: number): Promise<number> => {
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
