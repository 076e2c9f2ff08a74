/** Bare: produce -> consume -> produce -> consume, in one process, through kafkajs. What waits goes out together. */
import { randomUUID } from 'node:crypto';
import { createKafkajsClient } from '../../shared/log/kafkajs/client.ts';
import { silentLogger } from '../../shared/process/logger.ts';
import { collector, type Collector } from './collector.ts';
import type { PingPong, PingPongParts } from './ping-pong-parts.ts';

type Message = { readonly partition: number; readonly key: string; readonly value: Buffer };

export const startPingPong = async ({ brokers, partitions, between }: PingPongParts): Promise<PingPong> => {
  const topics = [randomUUID(), randomUUID()] as const;
  const kafka = createKafkajsClient({ brokers, clientId: 'bare' }, silentLogger());
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: true,
    topics: topics.map((topic) => ({ topic, numPartitions: partitions })),
  });
  const producer = kafka.producer({ idempotent: false, maxInFlightRequests: 1 });
  await producer.connect();

  const [ping, pong] = topics.map((topic) =>
    collector<Message>((messages) => producer.send({ topic, acks: -1, messages })),
  ) as [Collector<Message>, Collector<Message>];
  const consume = async (
    topic: string,
    onMessage: (partition: number, key: string, value: Buffer) => void,
  ) => {
    const consumer = kafka.consumer({ groupId: randomUUID(), minBytes: 1, maxWaitTimeInMs: 250 });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) =>
        batch.messages.forEach(({ key, value }) => onMessage(batch.partition, key!.toString(), value!)),
    });
    return consumer;
  };

  const waiting = new Map<string, () => void>();
  const consumers = [
    await consume(topics[0], (partition, key, value) => {
      void Promise.resolve(between?.()).then(() => pong.add({ partition, key, value }));
    }),
    await consume(topics[1], (_partition, key) => waiting.get(key)?.()),
  ];
  return {
    roundTrip: async (partition, value) => {
      const key = randomUUID();
      const answered = new Promise<void>((resolve) => void waiting.set(key, resolve));
      ping.add({ partition, key, value });
      await answered;
      waiting.delete(key);
    },
    close: async () => {
      await Promise.all([ping.idle(), pong.idle()]);
      await Promise.all([...consumers, producer, admin].map((part) => part.disconnect()));
    },
  };
};
