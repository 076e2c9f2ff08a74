/**
 * kafkajs as we want it; the files of this folder alone import it. It is kafkajs 2.2.4, which is no longer
 * maintained: what has to be worked around inside it is in patches.ts.
 */
import net from 'node:net';
import tls from 'node:tls';
import {
  Kafka,
  logLevel,
  type ISocketFactory,
  type KafkaConfig,
  type LogEntry,
  type SASLOptions,
} from 'kafkajs';
import type { Logger } from '../../process/logger.ts';
import { withColons, withoutColons } from '../broker-address.ts';
import type { KafkaAccess } from '../kafka-access.ts';
import { CONNECTION_TIMEOUT_MS, KEEP_ALIVE_AFTER_MS, REQUEST_TIMEOUT_MS } from '../kafka-timeouts.ts';
import { patchKafkajs } from './patches.ts';

export const KAFKA_RETRY = { initialRetryTime: 50, maxRetryTime: 1_000, retries: 5 } as const;
/** Where it is ours to know what may be tried again. */
export const NO_RETRY = { ...KAFKA_RETRY, retries: 0 } as const;

export const createKafkajsClient = (
  access: Omit<KafkaAccess, 'client' | 'replicationFactor'>,
  logger: Logger,
): Kafka => {
  patchKafkajs();
  const config: KafkaConfig = {
    clientId: access.clientId,
    brokers: access.brokers.map(withoutColons),
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: KAFKA_RETRY,
    socketFactory: socketWithoutDelay,
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => logEntry(logger, entry),
  };
  if (access.tls !== undefined) config.ssl = access.tls;
  if (access.sasl !== undefined) config.sasl = access.sasl as SASLOptions;
  return new Kafka(config);
};

// kafkajs never sets it, and a batch that waits for an ACK costs 40 ms.
const socketWithoutDelay: ISocketFactory = ({ host: name, port, ssl, onConnect }) => {
  const host = withColons(name);
  const socket = ssl
    ? tls.connect({ host, port, ...(net.isIP(host) ? {} : { servername: host }), ...ssl }, onConnect)
    : net.connect({ host, port }, onConnect);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_AFTER_MS);
  return socket;
};

const logEntry = (logger: Logger, { level, log }: LogEntry): void => {
  const { message, timestamp: _timestamp, logger: _logger, stack: _stack, ...fields } = log;
  const line = { kafka: message, ...fields };
  // Retries and reconnects are the client's daily work; what is in the end not possible reaches the caller as an error.
  if (level === logLevel.ERROR) logger.debug(line, 'the Kafka client met an error');
  else logger.debug(line, 'the Kafka client says');
};
