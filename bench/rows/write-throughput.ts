/** Row 3: writes per second through Shiny while Shiny is master, by many clients. */
import type { KafkaClientName } from '../../shared/log/kafka-access.ts';
import type { Comparison } from '../kit/comparison.ts';
import { openPingPong } from '../kit/ping-pong.ts';
import { openThingsClients } from '../kit/things-client.ts';
import { ratePerSecond } from '../kit/timing.ts';

const CLIENTS = 64;
/** All processes compile what they do often. */
const WARM_UP_ROUNDS = 3;
const ROUND_MS = 2_500;

export const writeThroughput = (client: KafkaClientName): Comparison => ({
  name: `write-throughput-${client}`,
  row: 3,
  ours: `writes through Shiny, Shiny master, ${CLIENTS} clients (${client})`,
  bare: 'produce, consume, produce, consume, batched',
  measures: [{ name: 'rate', unit: 'per s', target: { atLeast: 0.5 }, limit: { atLeast: 3_000 } }],
  open: async (world) => {
    const { addresses } = await world.playground({ master: 'shiny', client });
    const clients = openThingsClients(world, addresses.shinyUrl, CLIENTS);
    const things = await Promise.all(clients.map((one) => one.create()));
    const roundTrip = await openPingPong(world, client);
    const ours = () => ratePerSecond(CLIENTS, ROUND_MS, (at) => clients[at]!.update(things[at]!));
    const bare = () => ratePerSecond(CLIENTS, ROUND_MS, roundTrip);
    for (let warmUps = 0; warmUps < WARM_UP_ROUNDS; warmUps++) {
      await ours();
      await bare();
    }
    return { ours: async () => ({ rate: await ours() }), bare: async () => ({ rate: await bare() }) };
  },
});
