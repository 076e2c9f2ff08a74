import { inject } from 'vitest';
import { silentLogger } from '../process/logger.ts';
import { describeEventLog } from './event-log.contract.ts';
import { connectKafkaLog, KAFKA_CLIENTS } from './kafka-log.ts';

for (const client of KAFKA_CLIENTS) {
  describeEventLog(`Kafka, through ${client}`, () => {
    const brokers = inject('stack').KAFKA_BROKERS.split(',');
    return connectKafkaLog({ client, brokers, clientId: 'contract', replicationFactor: 1 }, silentLogger());
  });
}
