/** The settings of the local stack. */
import { STACK_DIR_DEFAULT } from '../../shared/process/local-database.ts';
import { integer, port, text, type SettingTable, type SettingValues } from '../../shared/process/settings.ts';

export const stackSettings = {
  STACK_DIR: {
    parse: text,
    help: 'folder of the data and logs of the local Kafka, registry and Postgres',
    default: STACK_DIR_DEFAULT,
  },
  KAFKA_PORT: { parse: port, help: 'port of the local Kafka', default: '9092' },
  KAFKA_CONTROLLER_PORT: { parse: port, help: 'port of its controller', default: '9093' },
  KAFKA_JVM_OPTIONS: {
    parse: text,
    help: 'of the local Kafka; without TieredStopAtLevel it starts slower and runs faster',
    default: '-Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1',
  },
  REGISTRY_PORT: { parse: port, help: 'port of the local schema registry', default: '8081' },
  POSTGRES_PORT: { parse: port, help: 'port of the local Postgres', default: '5432' },
  STACK_WAIT_MS: {
    parse: integer(1_000, 600_000),
    help: 'how long each part of the local stack may take to start, milliseconds',
    default: '90000',
  },
} satisfies SettingTable;

export type StackSettings = SettingValues<typeof stackSettings>;
