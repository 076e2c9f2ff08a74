/**
 * @platformatic/kafka as we want it; only the files of this folder import it. No client retries by itself: our code
 * decides what may be retried and what must not. Connections never delay (Nagle is off).
 */
import net from 'node:net';
import {
  Admin,
  Consumer,
  FetchIsolationLevels,
  Producer,
  type BaseOptions,
  type SASLMechanismValue,
} from '@platformatic/kafka';
import type { Logger } from '../../process/logger.ts';
import { settledWithin } from '../../process/timeout.ts';
import { brokerHost } from '../broker-address.ts';
import type { KafkaAccess } from '../kafka-access.ts';
import {
  CONNECTION_TIMEOUT_MS,
  DISCONNECT_TIMEOUT_MS,
  KEEP_ALIVE_AFTER_MS,
  REQUEST_TIMEOUT_MS,
  TOPIC_CREATE_TIMEOUT_MS,
} from '../kafka-timeouts.ts';

/** Who leads a partition is asked again after an error; otherwise it is good for so long. */
const METADATA_MAX_AGE_MS = 300_000;

export interface PlatformaticClients {
  admin(): Admin;
  producer(): Producer;
  /** Reads by offset; it never joins the group that it has to name. */
  reader(): Consumer;
}

export const createPlatformaticClients = (access: KafkaAccess, logger: Logger): PlatformaticClients => {
  const options: BaseOptions = {
    clientId: access.clientId,
    bootstrapBrokers: [...access.brokers],
    connectTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    timeout: REQUEST_TIMEOUT_MS,
    retries: 0,
    metadataMaxAge: METADATA_MAX_AGE_MS,
    autocreateTopics: false,
    ...tlsOptions(access),
    ...saslOptions(access),
  };
  const watched = <C extends Client>(client: C): C => {
    watch(client, logger);
    return client;
  };
  return {
    admin: () =>
      watched(
        // The broker answers when the topics are there, which takes longer than other requests.
        new Admin({ ...options, timeout: TOPIC_CREATE_TIMEOUT_MS, requestTimeout: TOPIC_CREATE_TIMEOUT_MS }),
      ),
    producer: () =>
      watched(
        new Producer({
          ...options,
          idempotent: false,
          // Else it resends without knowing if they are stored.
          repeatOnStaleMetadata: false,
        }),
      ),
    reader: () =>
      watched(
        new Consumer({
          ...options,
          groupId: access.clientId,
          // Otherwise the client removes the batches of aborted transactions from its result, and with them the offsets
          // from which reading goes on; and it waits for open transactions.
          isolationLevel: FetchIsolationLevels.READ_UNCOMMITTED,
        }),
      ),
  };
};

/** Never throws, and takes a moment at most: what is in flight is cut off. */
export const closeClient = async (client: { close(): Promise<void> }): Promise<void> => {
  await settledWithin(
    client.close().catch(() => undefined),
    DISCONNECT_TIMEOUT_MS,
  );
};

type Client = Admin | Producer | Consumer;

const watch = (client: Client, logger: Logger): void => {
  const { connections } = client;
  connections.on('connecting', ({ broker, connection }) => {
    // Without a listener, a second error of one connection would end the process.
    connection.on('error', (error) =>
      logger.debug({ broker, err: error }, 'a Kafka connection met an error'),
    );
  });
  connections.on('connect', ({ broker, connection }) => {
    connection.socket.setKeepAlive(true, KEEP_ALIVE_AFTER_MS);
    logger.debug({ broker, client: client.type }, 'connected to Kafka');
  });
  connections.on('disconnect', ({ broker }) =>
    logger.debug({ broker, client: client.type }, 'disconnected from Kafka'),
  );
};

const tlsOptions = ({ tls, brokers }: KafkaAccess): Pick<BaseOptions, 'tls' | 'tlsServerName'> => {
  if (tls === undefined || tls === false) return {};
  const options = tls === true ? {} : tls;
  // The server's name is sent only when asked for, and must not be an address.
  const named = brokers.every((broker) => net.isIP(brokerHost(broker)) === 0);
  return { tls: options, tlsServerName: named && options.servername === undefined };
};

const saslOptions = ({ sasl }: KafkaAccess): Pick<BaseOptions, 'sasl'> =>
  sasl === undefined
    ? {}
    : { sasl: { ...sasl, mechanism: sasl.mechanism.toUpperCase() as SASLMechanismValue } };
