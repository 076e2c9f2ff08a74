/** The log on Kafka, through the client library that the settings name. */
import type { Logger } from '../../process/logger.ts';
import type { EventLog } from '../event-log.ts';
import type { KafkaAccess } from '../kafka-access.ts';

/** Connects. Throws when no broker answers for some three seconds. Only the library that is used gets loaded. */
export const connectKafkaLog = async (access: KafkaAccess, logger: Logger): Promise<EventLog> => {
  if (access.client === 'platformatic') {
    const { connectPlatformaticLog } = await import('../platformatic/log.ts');
    return connectPlatformaticLog(access, logger);
  }
  const { connectKafkajsLog } = await import('../kafkajs/log.ts');
  return connectKafkajsLog(access, logger);
};
