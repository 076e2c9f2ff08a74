/** The bare round trip through the log, by client library: what most of our writes are measured against. */
import { PARTITIONS_DEFAULT } from '../../shared/records/topics.ts';
import type { KafkaClientName } from '../../shared/log/kafka-access.ts';
import { startPingPong as startWithKafkajs } from '../bare/ping-pong.ts';
import { startPingPong as startWithPlatformatic } from '../bare/ping-pong-platformatic.ts';
import type { BenchWorld } from './bench-world.ts';
import { ratePerSecond } from './timing.ts';

/** As large as a command. */
const VALUE = Buffer.alloc(120);
/** Each partition's first index entry costs some 90 ms, once, and node compiles what it runs often for some thousands of requests. */
export const WARM_UP_TRIPS = PARTITIONS_DEFAULT * 250;

const WARM_UP_TRIPS_AT_ONCE = 64;

/** A broker that has just started is slow, and busy with compiling itself, for some ten thousands of requests. */
export const warmUpBroker = async (world: BenchWorld, seconds: number): Promise<void> => {
  const roundTrip = await openPingPong(world, 'platformatic');
  await ratePerSecond(WARM_UP_TRIPS_AT_ONCE, 500 * seconds, roundTrip);
  await ratePerSecond(2, 500 * seconds, roundTrip);
};

/** A round trip; which partition is told by a number that may grow for ever. `between` is done by the one in the middle. */
export const openPingPong = async (
  world: BenchWorld,
  client: KafkaClientName,
  between?: () => Promise<unknown>,
): Promise<(index: number) => Promise<void>> => {
  const start = client === 'kafkajs' ? startWithKafkajs : startWithPlatformatic;
  const pingPong = await start({
    brokers: world.stack.KAFKA_BROKERS.split(','),
    partitions: PARTITIONS_DEFAULT,
    ...(between === undefined ? {} : { between }),
  });
  world.lifecycle.onClose('ping-pong', pingPong.close);
  return (index) => pingPong.roundTrip(index % PARTITIONS_DEFAULT, VALUE);
};
