/** The log on Kafka, through @platformatic/kafka. Order and certainty come before speed: one request in flight to append. */
import type { Logger } from '../../process/logger.ts';
import { BATCH_LINGER_MS } from '../linger.ts';
import type { EventLog } from '../event-log.ts';
import type { KafkaAccess } from '../kafka-access.ts';
import { answerInTime, retryFor } from '../kafka-limit.ts';
import { CONNECT_PATIENCE_MS } from '../kafka-timeouts.ts';
import { closeClient, createPlatformaticClients } from './client.ts';
import { fetchEndOffsets, fetchOffsetRanges } from './offsets.ts';
import { platformaticProducing } from './producer.ts';
import { tailPlatformatic } from './tail.ts';
import { countPartitions, createTopics, fetchTopicId } from './topics.ts';
import { createTopicAppends } from '../topic-appends.ts';
import { stableDescription } from '../topic-description.ts';

/** Connects. Throws when no broker answers for some three seconds. */
export const connectPlatformaticLog = async (access: KafkaAccess, logger: Logger): Promise<EventLog> => {
  const clients = createPlatformaticClients(access, logger);
  const admin = clients.admin();
  // A connection of its own: a broker answers the requests of one connection in order, and a tail's fetch waits there.
  const offsets = clients.reader();
  const appends = createTopicAppends(() => platformaticProducing(clients.producer), logger);
  const close = async (): Promise<void> => {
    await Promise.all([closeClient(admin), closeClient(offsets)]);
  };
  try {
    await retryFor(CONNECT_PATIENCE_MS, () => answerInTime('connecting', offsets.metadata({ topics: [] })));
  } catch (error) {
    await close();
    throw error;
  }
  const describeTopic = stableDescription(
    (topic) => retryFor(CONNECT_PATIENCE_MS, () => fetchTopicId(admin, topic)),
    (topic) => fetchOffsetRanges(offsets, topic),
  );

  return {
    createTopics: (specs) => createTopics(admin, offsets, specs, access.replicationFactor, logger),
    partitions: (topic) => countPartitions(admin, topic),
    describeTopic,
    append: appends.append,
    tail: (positions, onRecords, linger = () => BATCH_LINGER_MS) =>
      tailPlatformatic({ reader: clients.reader(), describeTopic, logger }, positions, onRecords, linger),
    endOffsets: (topic) => fetchEndOffsets(offsets, topic),
    close: async () => {
      await appends.close();
      await close();
    },
  };
};
