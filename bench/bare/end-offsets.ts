/** Bare: the end offsets of a topic, through @platformatic/kafka: one request. */
import { randomUUID } from 'node:crypto';
import { Consumer } from '@platformatic/kafka';

export const startAsking = async (
  brokers: readonly string[],
  topic: string,
): Promise<{ ask(): Promise<unknown>; close(): Promise<void> }> => {
  const consumer = new Consumer({ clientId: 'bare', groupId: randomUUID(), bootstrapBrokers: [...brokers] });
  const ask = () => consumer.listOffsets({ topics: [topic] });
  await ask();
  return { ask, close: () => consumer.close(true) };
};
