/**
 * Bare: consume topics from their beginning, through @platformatic/kafka, and decode each record; `take` does what else is
 * to be done with it. Returns milliseconds.
 */
import { randomUUID } from 'node:crypto';
import { Consumer, type Message } from '@platformatic/kafka';
import type { RecordCodec } from '../../shared/records/record-codec.ts';

const DECODED_AT_ONCE = 500;

export const consumeAll = async (
  brokers: readonly string[],
  topics: readonly string[],
  codec: RecordCodec,
  records: number,
  take?: (record: unknown, message: Message) => void,
): Promise<number> => {
  const began = performance.now();
  const consumer = new Consumer({
    clientId: 'bare',
    groupId: randomUUID(),
    bootstrapBrokers: [...brokers],
    maxWaitTime: 250,
    minBytes: 1,
    autocommit: false,
  });
  const stream = await consumer.consume({ topics: [...topics], mode: 'earliest' });
  let waiting: Message[] = [];
  let count = 0;
  for await (const message of stream) {
    waiting.push(message);
    if (++count < records && waiting.length < DECODED_AT_ONCE) continue;
    const decoded = await codec.decode(waiting.map(({ value }) => value));
    if (take !== undefined) for (const [at, record] of decoded.entries()) take(record, waiting[at]!);
    waiting = [];
    if (count >= records) break;
  }
  const ms = performance.now() - began;
  await stream.close();
  await consumer.close(true);
  return ms;
};
