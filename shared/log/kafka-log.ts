/** The log on Kafka, through the client library that the settings name. */
import type tls from 'node:tls';
import type { Logger } from '../process/logger.ts';
import type { EventLog } from './event-log.ts';

export const KAFKA_CLIENTS = ['kafkajs', 'platformatic'] as const;
export type KafkaClientName = (typeof KAFKA_CLIENTS)[number];

export interface KafkaAccess {
  readonly client: KafkaClientName;
  /** host:port, at least one. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Of topics that are created. */
  readonly replicationFactor: number;
  /** TLS with the system's certificates, or with the given ones. */
  readonly tls?: boolean | tls.ConnectionOptions;
  readonly sasl?: {
    mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    username: string;
    password: string;
  };
}

/** Connects. Throws when no broker answers for some three seconds. Only the library that is used gets loaded. */
export const connectKafkaLog = async (access: KafkaAccess, logger: Logger): Promise<EventLog> => {
  if (access.client === 'platformatic') {
    const { connectPlatformaticLog } = await import('./platformatic/log.ts');
    return connectPlatformaticLog(access, logger);
  }
  const { connectKafkajsLog } = await import('./kafkajs/log.ts');
  return connectKafkajsLog(access, logger);
};
