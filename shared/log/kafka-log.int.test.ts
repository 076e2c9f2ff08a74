import { inject } from 'vitest';
import { silentLogger } from '../process/logger.ts';
import { describeEventLog } from './event-log.contract.ts';
import { connectKafkaLog } from './kafka-log.ts';

const CLIENTS = ['kafkajs'] as const;

for (const client of CLIENTS) {
  describeEventLog(`Kafka, through ${client}`, () => {
    const brokers = inject('stack').KAFKA_BROKERS.split(',');
    return connectKafkaLog({ client, brokers, clientId: 'contract', replicationFactor: 1 }, silentLogger());
  });
}
