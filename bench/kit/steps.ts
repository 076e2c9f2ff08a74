/** The bare programs that have our steps: the two ends of the log as processes of their own, and two topics between them. */
import { PARTITIONS_DEFAULT } from '../../shared/records/topics.ts';
import { connectKafkaLog } from '../../shared/log/kafka/connect-kafka-log.ts';
import { silentLogger } from '../../shared/process/logger.ts';
import type { BenchWorld } from './bench-world.ts';

export interface Steps {
  /** Of the bare API. */
  readonly url: string;
  /** What is written to the first comes to the second. */
  readonly topics: readonly [string, string];
}

export const startSteps = async (world: BenchWorld): Promise<Steps> => {
  const brokers = world.stack.KAFKA_BROKERS;
  const topics = [world.namespace(), world.namespace()] as const;
  const access = {
    client: 'platformatic',
    brokers: brokers.split(','),
    clientId: 'steps',
    replicationFactor: 1,
  } as const;
  const log = await connectKafkaLog(access, silentLogger());
  await log.createTopics(topics.map((topic) => ({ topic, partitions: PARTITIONS_DEFAULT, settings: {} })));
  await log.close();
  await world.bareServer('steps-decider.ts', [brokers, ...topics]);
  const { url } = await world.bareServer('steps-api.ts', [brokers, ...topics, String(PARTITIONS_DEFAULT)]);
  return { url, topics };
};
