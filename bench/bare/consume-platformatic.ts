/**
 * Bare: consume topics from their beginning, through @platformatic/kafka, and decode each record; `take` does what else is
 * to be done with it. Returns milliseconds.
 */
import { randomUUID } from 'node:crypto';
import { Consumer } from '@platformatic/kafka';
import type { RecordCodec } from '../../shared/codec/record-codec.ts';

export const consumeAll = async (
  brokers: readonly string[],
  topics: readonly string[],
  codec: RecordCodec,
  records: number,
  take?: (
    record: unknown,
    place: { readonly partition: number; readonly offset: bigint },
    value: Buffer,
  ) => void,
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
  let count = 0;
  for await (const message of stream) {
    const [record] = await codec.decode([message.value]);
    take?.(record, message, message.value);
    if (++count >= records) break;
  }
  const ms = performance.now() - began;
  await stream.close();
  await consumer.close(true);
  return ms;
};
