import { inject } from 'vitest';
import { silentLogger } from '../process/logger.ts';
import { describeEventLog } from './event-log.contract.ts';
import { connectKafkaLog } from './kafka-log.ts';

describeEventLog('Kafka', () => {
  const brokers = inject('stack').KAFKA_BROKERS.split(',');
  return connectKafkaLog({ brokers, clientId: 'contract', replicationFactor: 1 }, silentLogger());
});
