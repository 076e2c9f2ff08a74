/** Bare: the end offsets of a topic, through kafkajs. */
import { createKafkajsClient } from '../../shared/log/kafkajs-client.ts';
import { silentLogger } from '../../shared/process/logger.ts';

export const startAsking = async (
  brokers: readonly string[],
  topic: string,
): Promise<{ ask(): Promise<unknown>; close(): Promise<void> }> => {
  const admin = createKafkajsClient({ brokers, clientId: 'bare' }, silentLogger()).admin();
  await admin.connect();
  return { ask: () => admin.fetchTopicOffsets(topic), close: () => admin.disconnect() };
};
