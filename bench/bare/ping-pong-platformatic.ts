/**
 * Bare: produce -> consume -> produce -> consume, in one process, through @platformatic/kafka. What waits while a request
 * is in flight goes out with the next one.
 */
import { randomUUID } from 'node:crypto';
import { Admin, Consumer, Producer, type MessageToProduce } from '@platformatic/kafka';
import { collector } from './collector.ts';
import type { PingPong, PingPongParts } from './ping-pong-parts.ts';

export const startPingPong = async ({ brokers, partitions, between }: PingPongParts): Promise<PingPong> => {
  const topics = [randomUUID(), randomUUID()] as const;
  const options = { clientId: 'bare', bootstrapBrokers: [...brokers] };
  const admin = new Admin(options);
  await admin.createTopics({ topics: [...topics], partitions, replicas: 1 });
  const producer = new Producer({ ...options, acks: -1, idempotent: false });

  const ping = collector((messages: MessageToProduce[]) => producer.send({ messages }));
  const pong = collector((messages: MessageToProduce[]) => producer.send({ messages }));
  const consume = async (
    topic: string,
    onMessage: (partition: number, key: Buffer, value: Buffer) => void,
  ) => {
    const consumer = new Consumer({ ...options, groupId: randomUUID(), minBytes: 1, maxWaitTime: 250 });
    const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false });
    stream.on('data', ({ partition, key, value }) => onMessage(partition, key, value));
    return async () => {
      await stream.close();
      await consumer.close(true);
    };
  };

  const waiting = new Map<string, () => void>();
  const closers = [
    await consume(topics[0], (partition, key, value) => {
      void Promise.resolve(between?.()).then(() => pong.add({ topic: topics[1], partition, key, value }));
    }),
    await consume(topics[1], (_partition, key) => waiting.get(key.toString())?.()),
  ];
  return {
    roundTrip: async (partition, value) => {
      const key = randomUUID();
      const answered = new Promise<void>((resolve) => void waiting.set(key, resolve));
      ping.add({ topic: topics[0], partition, key: Buffer.from(key), value });
      await answered;
      waiting.delete(key);
    },
    close: async () => {
      await Promise.all([ping.idle(), pong.idle()]);
      await Promise.all([...closers.map((close) => close()), producer.close(), admin.close()]);
    },
  };
};
