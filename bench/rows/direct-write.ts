/**
 * Row 5: writes per second on the Original API itself, while Original is master; the other services take part. Once more
 * against a bare program with the same steps: fence and stored answer in the transaction, and what was written goes
 * through a relay and both ends of the log.
 */
import type { BenchWorld } from '../kit/bench-world.ts';
import type { Comparison } from '../kit/comparison.ts';
import { startSteps } from '../kit/steps.ts';
import { openThingsClients, type WrittenThing } from '../kit/things-client.ts';
import { ratePerSecond } from '../kit/timing.ts';

const CLIENTS = 16;
/** All processes compile what they do often. */
const WARM_UP_ROUNDS = 3;
const ROUND_MS = 2_000;

const comparison = (
  part: Pick<Comparison, 'name' | 'bare' | 'measures'>,
  startBare: (world: BenchWorld) => Promise<string>,
): Comparison => ({
  ...part,
  row: 5,
  ours: `direct writes on Original, ${CLIENTS} clients`,
  open: async (world) => {
    const { addresses } = await world.playground({ master: 'original' });
    const clients = openThingsClients(world, addresses.originalUrl, CLIENTS);
    const things = await Promise.all(clients.map((client) => client.create()));
    const bareClients = openThingsClients(world, await startBare(world), CLIENTS);
    const bareThings = bareClients.map((_, index): WrittenThing => ({
      id: String(index + 1),
      version: 0,
    }));
    const ours = () => ratePerSecond(CLIENTS, ROUND_MS, (at) => clients[at]!.update(things[at]!));
    const bare = () => ratePerSecond(CLIENTS, ROUND_MS, (at) => bareClients[at]!.update(bareThings[at]!));
    for (let warmUps = 0; warmUps < WARM_UP_ROUNDS; warmUps++) {
      await ours();
      await bare();
    }
    return { ours: async () => ({ rate: await ours() }), bare: async () => ({ rate: await bare() }) };
  },
});

export const directWrite = comparison(
  {
    name: 'direct-write',
    bare: 'koa and pg: one statement with compare-and-set and outbox row',
    measures: [{ name: 'rate', unit: 'per s', target: { atLeast: 0.7 } }],
  },
  async (world) => (await world.bareServer('cas-server.ts', [world.stack.DATABASE_URL, 'outbox'])).url,
);

export const directWriteSteps = comparison(
  {
    name: 'direct-write-steps',
    bare: 'the same steps: fence, stored answer, relay, and both ends of the log',
    measures: [{ name: 'rate', unit: 'per s' }],
  },
  async (world) => {
    const { DATABASE_URL, KAFKA_BROKERS } = world.stack;
    const { topics } = await startSteps(world);
    return (await world.bareServer('cas-steps-server.ts', [DATABASE_URL, KAFKA_BROKERS, ...topics])).url;
  },
);
