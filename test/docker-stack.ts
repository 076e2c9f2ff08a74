/** The stack in containers, for machines with a docker engine. The versions are those of docker-compose.yml. */
import { randomUUID } from 'node:crypto';
import { GenericContainer, Network, Wait, type StartedTestContainer } from 'testcontainers';
import { freePorts } from '../scripts/stack/ports.ts';
import type { StackAddresses } from '../scripts/stack/stack.ts';

const PASSWORD = randomUUID();

export const startDockerStack = async (): Promise<{
  addresses: StackAddresses;
  stop: () => Promise<void>;
}> => {
  const network = await new Network().start();
  const started: StartedTestContainer[] = [];
  const stop = async (): Promise<void> => {
    for (const container of started.toReversed()) await container.stop();
    await network.stop();
  };
  const start = async (container: GenericContainer): Promise<StartedTestContainer> => {
    const running = await container.withNetwork(network).start();
    started.push(running);
    return running;
  };

  const postgres = await start(
    new GenericContainer('postgres:18')
      .withNetworkAliases('postgres')
      .withEnvironment({ POSTGRES_PASSWORD: PASSWORD, POSTGRES_DB: 'playground' })
      .withCopyContentToContainer([
        { content: 'create database registry;', target: '/docker-entrypoint-initdb.d/registry.sql' },
      ])
      .withExposedPorts(5432)
      .withWaitStrategy(Wait.forLogMessage('database system is ready to accept connections', 2)),
  );
  const registry = await start(
    new GenericContainer('apicurio/apicurio-registry:3.0.9')
      .withEnvironment({
        APICURIO_STORAGE_KIND: 'sql',
        APICURIO_STORAGE_SQL_KIND: 'postgresql',
        APICURIO_DATASOURCE_URL: 'jdbc:postgresql://postgres:5432/registry',
        APICURIO_DATASOURCE_USERNAME: 'postgres',
        APICURIO_DATASOURCE_PASSWORD: PASSWORD,
      })
      .withExposedPorts(8080)
      .withWaitStrategy(Wait.forHttp('/apis/ccompat/v7/subjects', 8080)),
  );
  // The broker tells its clients where it is reached, so the port must be known before.
  const [kafkaPort] = await freePorts(1);
  const kafka = await start(
    new GenericContainer('apache/kafka:4.3.1')
      .withEnvironment({
        KAFKA_NODE_ID: '1',
        KAFKA_PROCESS_ROLES: 'broker,controller',
        KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
        KAFKA_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://:9093',
        KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${kafkaPort}`,
        KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
        KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
        KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
        KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '1',
        KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
        KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
        KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
        KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      })
      .withExposedPorts({ container: 9092, host: kafkaPort! })
      .withWaitStrategy(Wait.forLogMessage('Kafka Server started')),
  );
  return {
    addresses: {
      KAFKA_BROKERS: `${kafka.getHost()}:${kafkaPort}`,
      SCHEMA_REGISTRY_URL: `http://${registry.getHost()}:${registry.getMappedPort(8080)}/apis/ccompat/v7`,
      DATABASE_URL: `postgres://postgres:${PASSWORD}@${postgres.getHost()}:${postgres.getMappedPort(5432)}/playground`,
    },
    stop,
  };
};
