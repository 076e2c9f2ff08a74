/** Bare: one topic to write to and one to read from, through @platformatic/kafka, for a process that is one end of a round trip. */
import { randomUUID } from 'node:crypto';
import { Consumer, Producer, type MessageToProduce } from '@platformatic/kafka';
import { collector } from './collector.ts';

export interface StepsLog {
  produce(message: { readonly partition: number; readonly key: Buffer; readonly value: Buffer }): void;
}

export const openStepsLog = async (
  brokers: string,
  to: string,
  from: string,
  onMessage: (partition: number, key: Buffer, value: Buffer) => void,
): Promise<StepsLog> => {
  const options = { clientId: 'bare', bootstrapBrokers: brokers.split(',') };
  const producer = new Producer({ ...options, acks: -1, idempotent: false });
  const collect = collector((messages: MessageToProduce[]) => producer.send({ messages }));
  const consumer = new Consumer({ ...options, groupId: randomUUID(), minBytes: 1, maxWaitTime: 250 });
  const stream = await consumer.consume({ topics: [from], mode: 'earliest', autocommit: false });
  stream.on('data', ({ partition, key, value }) => onMessage(partition, key, value));
  return { produce: (message) => collect.add({ topic: to, ...message }) };
};
