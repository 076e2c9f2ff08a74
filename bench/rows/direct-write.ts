/** Row 5: writes per second on the Original API itself, while Original is master; the other services take part. */
import type { Comparison } from '../comparison.ts';
import { openThingsClients, type WrittenThing } from '../things-client.ts';
import { ratePerSecond } from '../timing.ts';

const CLIENTS = 16;
/** Of ours: three processes compile what they do often. */
const WARM_UP_ROUNDS = 3;
const ROUND_MS = 2_000;

export const directWrite: Comparison = {
  name: 'direct-write',
  row: 5,
  ours: `direct writes on Original, ${CLIENTS} clients`,
  bare: 'koa and pg: one statement with compare-and-set and outbox row',
  measures: [{ name: 'rate', unit: 'per s', target: { atLeast: 0.7 } }],
  open: async (world) => {
    const { addresses } = await world.playground({ owner: 'original' });
    const clients = openThingsClients(world, addresses.originalUrl, CLIENTS);
    const things = await Promise.all(clients.map((client) => client.create()));
    const { url } = await world.bareServer('cas-server.ts', [world.stack.DATABASE_URL, 'outbox']);
    const bareClients = openThingsClients(world, url, CLIENTS);
    const bareThings = bareClients.map((_, index): WrittenThing => ({
      id: String(index + 1),
      version: 0,
    }));
    const ours = () => ratePerSecond(CLIENTS, ROUND_MS, (at) => clients[at]!.update(things[at]!));
    const bare = () => ratePerSecond(CLIENTS, ROUND_MS, (at) => bareClients[at]!.update(bareThings[at]!));
    for (let warmUps = 0; warmUps < WARM_UP_ROUNDS; warmUps++) await ours();
    return { ours: async () => ({ rate: await ours() }), bare: async () => ({ rate: await bare() }) };
  },
};
