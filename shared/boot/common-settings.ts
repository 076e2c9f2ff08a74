/** The settings that more than one process has, and what they mean together. */
import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { NAMESPACE_PATTERN, PARTITIONS_DEFAULT, PARTITIONS_MAX } from '../records/topics.ts';
import { KAFKA_CLIENTS, type KafkaAccess } from '../log/kafka-access.ts';
import type { RegistryAccess } from '../records/confluent-registry.ts';
import { LOG_LEVELS, type LogSettings } from '../process/logger.ts';
import {
  choice,
  flag,
  integer,
  pattern,
  port,
  secret,
  text,
  url,
  type SettingTable,
  type SettingValues,
} from '../process/settings.ts';

const HOUR_MS = 3_600_000;

/** Names that Postgres keeps for itself, or that hold what is not ours. */
const RESERVED_NAMESPACE = /^(?:pg_.*|public|information_schema)$/;

const namespaceName = (text: string): string => {
  if (RESERVED_NAMESPACE.test(text))
    throw new Error('a name that Postgres does not keep for itself: not public, information_schema or pg_…');
  return pattern(NAMESPACE_PATTERN, 'a small letter, then up to 39 small letters, digits, - or _')(text);
};

export const namespaceSettings = {
  NAMESPACE: {
    parse: namespaceName,
    help: 'prefix of the topics, name of the Postgres schema and of the local store',
    default: 'playground',
  },
} satisfies SettingTable;

/** Settings of a namespace that does not exist yet. */
export const newNamespaceSettings = {
  PARTITIONS: {
    parse: integer(1, PARTITIONS_MAX),
    help: 'partitions of each topic, when the namespace is created',
    default: String(PARTITIONS_DEFAULT),
  },
  MASTER: {
    parse: choice('original', 'shiny'),
    help: 'the first master of all partitions, when the namespace is created',
    default: 'original',
  },
} satisfies SettingTable;

const BROKER = /^(?:\[([^\]\s]+)\]|[^\s,:@[\]]+):(\d{1,5})$/;
const PORT_MAX = 65_535;

const isBroker = (text: string): boolean => {
  const [, address, brokerPort] = BROKER.exec(text) ?? [];
  const isPort = Number(brokerPort) >= 1 && Number(brokerPort) <= PORT_MAX;
  return isPort && (address === undefined || isIPv6(address));
};

const brokerList = (text: string): string => {
  if (!text.split(',').every(isBroker))
    throw new Error('host:port, several separated by commas, an IPv6 address in brackets');
  return text;
};

export const kafkaSettings = {
  KAFKA_CLIENT: {
    parse: choice(...KAFKA_CLIENTS),
    help: `the client library: ${KAFKA_CLIENTS.join(' or ')}`,
    default: 'platformatic',
  },
  KAFKA_BROKERS: {
    parse: brokerList,
    help: 'the brokers, as host:port,host:port; an IPv6 address in brackets, as [::1]:9092',
    default: '127.0.0.1:9092',
  },
  KAFKA_REPLICATION_FACTOR: {
    parse: integer(1, 100),
    help: 'of the topics, when the namespace is created',
    default: '1',
  },
  KAFKA_TLS: { parse: flag, help: 'talk TLS to the brokers', default: 'false' },
  KAFKA_TLS_CA_FILE: {
    parse: text,
    help: 'PEM file with the certificate authority of the brokers',
    optional: true,
  },
  KAFKA_TLS_CERT_FILE: { parse: text, help: 'PEM file with our certificate, for mutual TLS', optional: true },
  KAFKA_TLS_KEY_FILE: { parse: text, help: 'PEM file with the key of our certificate', optional: true },
  KAFKA_SASL_MECHANISM: {
    parse: choice('plain', 'scram-sha-256', 'scram-sha-512'),
    help: 'plain, scram-sha-256 or scram-sha-512',
    optional: true,
  },
  KAFKA_SASL_USERNAME: { parse: text, help: 'with KAFKA_SASL_MECHANISM', optional: true },
  KAFKA_SASL_PASSWORD: { parse: secret(text), help: 'with KAFKA_SASL_MECHANISM', optional: true },
} satisfies SettingTable;

export const registrySettings = {
  SCHEMA_REGISTRY_URL: {
    parse: url('http', 'https'),
    help: 'Confluent-compatible API of the schema registry, with its path',
    default: 'http://127.0.0.1:8081/apis/ccompat/v7',
  },
  SCHEMA_REGISTRY_USERNAME: { parse: text, help: 'for basic authentication', optional: true },
  SCHEMA_REGISTRY_PASSWORD: { parse: secret(text), help: 'for basic authentication', optional: true },
} satisfies SettingTable;

export const originalUrlSettings = {
  ORIGINAL_URL: {
    parse: url('http', 'https'),
    help: 'where the Original API is reached',
    default: 'http://127.0.0.1:3000',
  },
} satisfies SettingTable;

export const dataSettings = {
  DATA_DIR: {
    parse: text,
    help: 'folder of the local store, one per process; it is rebuilt from the log when it is lost',
    default: '.local/data',
  },
} satisfies SettingTable;

export const processSettings = {
  LOG_LEVEL: { parse: choice(...LOG_LEVELS), help: LOG_LEVELS.join(', '), default: 'info' },
  LOG_FORMAT: {
    parse: choice('auto', 'json', 'pretty'),
    help: 'json, pretty, or auto: pretty on a terminal',
    default: 'auto',
  },
  START_WAIT_MS: {
    parse: integer(0, HOUR_MS),
    help: 'how long to wait at start for each of broker, registry, database and namespace, milliseconds',
    default: '30000',
  },
  STOP_WAIT_MS: {
    parse: integer(0, HOUR_MS),
    help: 'how long to wait at the end for requests in flight, milliseconds',
    default: '8000',
  },
} satisfies SettingTable;

export const httpSettings = (variable: 'ORIGINAL' | 'SHINY' | 'UPDATER', defaultPort: number) =>
  ({
    [`${variable}_HOST`]: { parse: text, help: 'address to listen on', default: '127.0.0.1' },
    [`${variable}_PORT`]: {
      parse: port,
      help: 'port to listen on, 0 for any free one',
      default: String(defaultPort),
    },
  }) as Record<`${typeof variable}_HOST`, { parse: typeof text; help: string; default: string }> &
    Record<`${typeof variable}_PORT`, { parse: typeof port; help: string; default: string }>;

export const requestSettings = {
  IN_FLIGHT_MAX: {
    parse: integer(1, 100_000),
    help: 'requests in flight; one more is refused with 503 before anything is written',
    default: '1000',
  },
  RESPONSE_WAIT_MS: {
    parse: integer(1, HOUR_MS),
    help: 'how long a request waits for its outcome before it is answered "not known", milliseconds',
    default: '10000',
  },
} satisfies SettingTable;

/** Throws when the settings do not fit together or a file cannot be read. */
export const kafkaAccess = (clientId: string, settings: SettingValues<typeof kafkaSettings>): KafkaAccess => {
  const {
    KAFKA_SASL_MECHANISM: mechanism,
    KAFKA_SASL_USERNAME: username,
    KAFKA_SASL_PASSWORD: password,
  } = settings;
  const access = {
    client: settings.KAFKA_CLIENT,
    clientId,
    brokers: settings.KAFKA_BROKERS.split(','),
    replicationFactor: settings.KAFKA_REPLICATION_FACTOR,
    ...(settings.KAFKA_TLS ? { tls: tlsFiles(settings) } : {}),
  };
  if (mechanism === undefined) return access;
  if (username === undefined || password === undefined) {
    throw new Error('KAFKA_SASL_MECHANISM needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD');
  }
  return { ...access, sasl: { mechanism, username, password } };
};

const tlsFiles = (
  settings: SettingValues<typeof kafkaSettings>,
): { ca?: Buffer; cert?: Buffer; key?: Buffer } => ({
  ...(settings.KAFKA_TLS_CA_FILE === undefined ? {} : { ca: readFileSync(settings.KAFKA_TLS_CA_FILE) }),
  ...(settings.KAFKA_TLS_CERT_FILE === undefined ? {} : { cert: readFileSync(settings.KAFKA_TLS_CERT_FILE) }),
  ...(settings.KAFKA_TLS_KEY_FILE === undefined ? {} : { key: readFileSync(settings.KAFKA_TLS_KEY_FILE) }),
});

export const registryAccess = (settings: SettingValues<typeof registrySettings>): RegistryAccess => ({
  url: settings.SCHEMA_REGISTRY_URL,
  ...(settings.SCHEMA_REGISTRY_USERNAME === undefined ? {} : { username: settings.SCHEMA_REGISTRY_USERNAME }),
  ...(settings.SCHEMA_REGISTRY_PASSWORD === undefined ? {} : { password: settings.SCHEMA_REGISTRY_PASSWORD }),
});

export const logSettings = ({
  LOG_LEVEL,
  LOG_FORMAT,
}: SettingValues<typeof processSettings>): LogSettings => ({
  level: LOG_LEVEL,
  pretty: LOG_FORMAT === 'pretty' || (LOG_FORMAT === 'auto' && process.stdout.isTTY === true),
});
