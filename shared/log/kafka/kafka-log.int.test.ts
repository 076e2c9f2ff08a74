import { randomUUID } from 'node:crypto';
import { expect, inject, test } from 'vitest';
import { silentLogger } from '../../process/logger.ts';
import { describeEventLog } from '../event-log.contract.ts';
import type { TopicDescription } from '../event-log.ts';
import { connectKafkaLog } from './connect-kafka-log.ts';
import { KAFKA_CLIENTS } from '../kafka-access.ts';
import { kafkaOperator } from '../kafkajs/operator.ts';

for (const client of KAFKA_CLIENTS) {
  const open = async () => {
    const brokers = inject('stack').KAFKA_BROKERS.split(',');
    const access = { client, brokers, clientId: 'contract', replicationFactor: 1 } as const;
    const [log, operator] = await Promise.all([
      connectKafkaLog(access, silentLogger()),
      kafkaOperator(brokers),
    ]);
    return { log, operator };
  };
  describeEventLog(`Kafka, through ${client}`, open, { hasTransactions: true });
}

test('both clients name a topic by the same id', async () => {
  const brokers = inject('stack').KAFKA_BROKERS.split(',');
  const topic = `contract-${randomUUID()}`;
  const found: (TopicDescription | undefined)[] = [];
  for (const client of KAFKA_CLIENTS) {
    const log = await connectKafkaLog(
      { client, brokers, clientId: 'contract', replicationFactor: 1 },
      silentLogger(),
    );
    await log.createTopics([{ topic, partitions: 2, settings: {} }]);
    found.push(await log.describeTopic(topic));
    await log.close();
  }
  expect(found[0]).toMatchObject({ begins: [0, 0], ends: [0, 0] });
  expect(found[1]).toEqual(found[0]);
});
