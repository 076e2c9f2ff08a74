/** Sends records to Kafka through kafkajs, one request at a time. */
import { Partitioners, type Kafka, type Producer } from 'kafkajs';
import { answeredWith, type Produced } from '../append-sender.ts';
import type { AppendRecord } from '../event-log.ts';
import { answerInTime } from '../kafka-limit.ts';
import { REQUEST_TIMEOUT_MS } from '../kafka-timeouts.ts';
import { disconnect } from './renewable.ts';
import { NO_RETRY } from './client.ts';
import { fateOf, type MessageFate } from './patches.ts';
import type { Producing } from '../topic-appends.ts';

const ACKS_ALL = -1;

/**
 * A producer that is thrown away after any error but a refusal. Not idempotent: kafkajs rolls its sequence number back after
 * a failed request, and if the broker had stored that one, the next batch of equal size would be acknowledged and never
 * stored. Duplicates are harmless to us, the fold ignores them.
 */
export const kafkajsProducing = (kafka: Kafka): Producing => {
  let current: Producer | undefined;

  const connected = async (): Promise<Producer> => {
    if (current !== undefined) return current;
    const producer = kafka.producer({
      allowAutoTopicCreation: false,
      // Never asked, as every record names its partition; naming it spares a warning on stderr.
      createPartitioner: Partitioners.DefaultPartitioner,
      idempotent: false,
      maxInFlightRequests: 1,
      retry: NO_RETRY,
    });
    try {
      await answerInTime('connecting to append', producer.connect());
    } catch (error) {
      // A broker that accepts and does not answer leaves a socket open.
      await disconnect(producer);
      throw error;
    }
    current = producer;
    return producer;
  };

  const close = async (): Promise<void> => {
    const producer = current;
    current = undefined;
    if (producer !== undefined) await disconnect(producer);
  };

  return {
    produce: async (topic, records) => {
      const messages = records.map(messageOf);
      let fault: Error | undefined;
      try {
        const producer = await connected();
        const topicMessages = [{ topic, messages }];
        const sending = producer.sendBatch({ acks: ACKS_ALL, timeout: REQUEST_TIMEOUT_MS, topicMessages });
        await answerInTime(`appending to ${topic}`, sending);
      } catch (error) {
        fault = error as Error;
      }
      const produced = messages.map((message) => producedBy(fateOf(message), topic, message, fault));
      if (fault !== undefined && !produced.every(({ fate }) => fate === 'refused'))
        close().catch(() => undefined);
      return produced;
    },
    close,
  };
};

const producedBy = (
  fate: MessageFate | undefined,
  topic: string,
  { partition }: KafkaMessage,
  fault: Error | undefined,
): Produced => {
  switch (fate?.state) {
    case 'stored':
      return { fate: 'stored', offset: fate.offset };
    case 'sent':
      return { fate: 'unsure', error: fault ?? new Error(`the broker did not answer for ${topic}`) };
    case 'refused':
      return answeredWith(fate.errorCode, topic, partition);
    case undefined:
      // The client sends nothing to a partition of which it does not know who leads it.
      return {
        fate: 'not-stored',
        error: fault ?? new Error(`nobody leads the partition ${partition} of the topic ${topic}`),
      };
  }
};

interface KafkaMessage {
  readonly partition: number;
  readonly key: string;
  readonly value: Buffer;
  readonly timestamp: string;
}

const messageOf = ({ partition, key, value, timestamp }: AppendRecord): KafkaMessage => ({
  partition,
  key,
  value,
  timestamp: String(timestamp),
});
