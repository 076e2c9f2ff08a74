/** Row 3: writes per second through Shiny while Shiny is master, by many clients. */
import type { Comparison } from '../comparison.ts';
import { startPingPong } from '../bare/ping-pong.ts';
import { createThingsClient } from '../things-client.ts';
import { ratePerSecond } from '../timing.ts';
import { PARTITIONS_DEFAULT } from '../../shared/log/topics.ts';

const CLIENTS = 64;
const ROUND_MS = Number(process.env['RMS'] ?? 2_500);
const VALUE = Buffer.alloc(120);

export const writeThroughput: Comparison = {
  name: 'write-throughput',
  row: 3,
  ours: `writes through Shiny, Shiny master, ${CLIENTS} clients`,
  bare: 'produce, consume, produce, consume, batched',
  measures: [{ name: 'rate', unit: 'per s', target: { atLeast: 0.5 }, limit: { atLeast: 3_000 } }],
  open: async (world) => {
    const { addresses } = await world.playground({
      owner: 'shiny',
      env: process.env['PROF'] ? { NODE_OPTIONS: '--cpu-prof --cpu-prof-dir=/tmp/prof' } : {},
    });
    const clients = Array.from({ length: CLIENTS }, () => createThingsClient(addresses.shinyUrl));
    for (const client of clients) world.lifecycle.onClose('client', () => client.close());
    const pingPong = await startPingPong({
      brokers: world.stack.KAFKA_BROKERS.split(','),
      partitions: PARTITIONS_DEFAULT,
    });
    world.lifecycle.onClose('ping-pong', pingPong.close);
    const things = await Promise.all(clients.map((client) => client.create()));
    const ours = () => ratePerSecond(CLIENTS, ROUND_MS, (at) => clients[at]!.update(things[at]!));
    const bare = () =>
      ratePerSecond(CLIENTS, ROUND_MS, (at) => pingPong.roundTrip(at % PARTITIONS_DEFAULT, VALUE));
    return { ours: async () => ({ rate: await ours() }), bare: async () => ({ rate: await bare() }) };
  },
};
