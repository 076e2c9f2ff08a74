/** Kafka's ids of topics, for kafkajs, whose requests are older than they are. */
import type { Consumer } from '@platformatic/kafka';
import type { Logger } from '../process/logger.ts';
import type { KafkaAccess } from './kafka-log.ts';
import { retryFor } from './kafka-limit.ts';
import { CONNECT_PATIENCE_MS } from './kafka-timeouts.ts';
import { closeClient, createPlatformaticClients } from './platformatic-client.ts';
import { fetchTopicId } from './platformatic-topics.ts';

export interface TopicIds {
  /** Undefined when there is no such topic. */
  of(topic: string): Promise<string | undefined>;
  close(): Promise<void>;
}

export const platformaticTopicIds = (access: KafkaAccess, logger: Logger): TopicIds => {
  const clients = createPlatformaticClients(access, logger);
  let current: Consumer | undefined;

  const close = async (): Promise<void> => {
    const client = current;
    current = undefined;
    if (client !== undefined) await closeClient(client);
  };

  return {
    of: (topic) =>
      retryFor(CONNECT_PATIENCE_MS, async () => {
        const used = (current ??= clients.reader());
        try {
          return await fetchTopicId(used, topic);
        } catch (error) {
          if (used === current) void close();
          throw error;
        }
      }),
    close,
  };
};
