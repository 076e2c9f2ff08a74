/** How Kafka is reached, and with which client library. */
import type tls from 'node:tls';

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
