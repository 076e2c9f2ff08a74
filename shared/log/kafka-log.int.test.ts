import { inject } from 'vitest';
import { silentLogger } from '../process/logger.ts';
import { describeEventLog } from './event-log.contract.ts';
import { connectKafkaLog, KAFKA_CLIENTS } from './kafka-log.ts';
import { kafkaOperator } from './kafkajs-operator.ts';

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
