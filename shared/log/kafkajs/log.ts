/** The log on Kafka, through kafkajs. Order and certainty come before speed: one request in flight to append. */
import type { Logger } from '../../process/logger.ts';
import { BATCH_LINGER_MS } from '../linger.ts';
import type { EventLog } from '../event-log.ts';
import { stableDescription } from '../topic-description.ts';
import type { KafkaAccess } from '../kafka-access.ts';
import { retryFor } from '../kafka-limit.ts';
import { CONNECT_PATIENCE_MS } from '../kafka-timeouts.ts';
import { kafkajsOffsets, renewableAdmin } from './admin.ts';
import { createKafkajsClient, KAFKA_RETRY } from './client.ts';
import { kafkajsProducing } from './producer.ts';
import { tailKafkajs } from './tail.ts';
import { kafkajsTopicIds } from './topic-ids.ts';
import { countPartitions, createTopics } from './topics.ts';
import { createTopicAppends } from '../topic-appends.ts';

/** Connects. Throws when no broker answers for some three seconds. */
export const connectKafkajsLog = async (access: KafkaAccess, logger: Logger): Promise<EventLog> => {
  const kafka = createKafkajsClient(access, logger);
  const admin = renewableAdmin(kafka, KAFKA_RETRY);
  const offsets = kafkajsOffsets(kafka);
  const ids = kafkajsTopicIds(kafka);
  const appends = createTopicAppends(() => kafkajsProducing(kafka), logger);
  const describeTopic = stableDescription(ids.of, offsets.of);
  try {
    await retryFor(CONNECT_PATIENCE_MS, () => admin.ask('connecting', (connected) => connected.listTopics()));
  } catch (error) {
    await admin.close();
    throw error;
  }

  return {
    createTopics: (specs) => createTopics(admin, specs, access.replicationFactor, logger),
    partitions: (topic) => countPartitions(admin, topic),
    describeTopic,
    append: appends.append,
    tail: (positions, onRecords, linger = () => BATCH_LINGER_MS) =>
      tailKafkajs({ kafka, describeTopic, topicId: ids.of, logger }, positions, onRecords, linger),
    endOffsets: async (topic) => (await offsets.of(topic)).map(({ high }) => high),
    close: async () => {
      await appends.close();
      await Promise.all([offsets.close(), admin.close(), ids.close()]);
    },
  };
};
