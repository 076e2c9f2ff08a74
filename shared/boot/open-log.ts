/** What each service opens first, waiting for it for a bounded time: broker, registry, namespace. */
import { connectKafkaLog } from '../log/kafka/connect-kafka-log.ts';
import { readGenesis } from '../records/namespace.ts';
import { confluentRegistry } from '../records/confluent-registry.ts';
import { createRecordCodec, type RecordCodec } from '../records/record-codec.ts';
import { IncompatibleSchemaError } from '../records/schema-registry.ts';
import type { Genesis } from '../domain/outcome.ts';
import type { EventLog } from '../log/event-log.ts';
import { kafkaAccess, registryAccess, type kafkaSettings, type registrySettings } from './common-settings.ts';
import { StartError, type Lifecycle } from '../process/lifecycle.ts';
import type { Logger } from '../process/logger.ts';
import type { SettingValues } from '../process/settings.ts';
import { retryUntil } from '../process/retry-until.ts';

export type LogSettingValues = SettingValues<typeof kafkaSettings & typeof registrySettings> & {
  readonly NAMESPACE: string;
  readonly START_WAIT_MS: number;
};

/** Throws StartError. */
export const openLog = async (
  clientId: string,
  settings: LogSettingValues,
  lifecycle: Lifecycle,
  logger: Logger,
): Promise<{ log: EventLog; codec: RecordCodec }> => {
  const { START_WAIT_MS: waitMs, KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: registryUrl } = settings;
  const [log, codec] = await Promise.all([
    retryUntil(`Kafka at ${brokers}`, waitMs, logger, () =>
      connectKafkaLog(kafkaAccess(clientId, settings), logger),
    ),
    retryUntil(`the schema registry at ${registryUrl}`, waitMs, logger, () =>
      createRecordCodec(confluentRegistry(registryAccess(settings)), settings.NAMESPACE).catch(
        (error: unknown) => {
          if (!(error instanceof IncompatibleSchemaError)) throw error;
          throw new StartError(`${error.message}; give the new field a default, or use another NAMESPACE`);
        },
      ),
    ),
  ]);
  lifecycle.onClose('Kafka', () => log.close());
  return { log, codec };
};

/** Throws StartError. */
export const openNamespace = async (
  settings: LogSettingValues,
  log: EventLog,
  codec: RecordCodec,
  logger: Logger,
): Promise<Genesis> =>
  retryUntil(`the namespace ${settings.NAMESPACE}`, settings.START_WAIT_MS, logger, () =>
    readGenesis(log, codec, settings.NAMESPACE),
  );
