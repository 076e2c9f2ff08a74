/** Bare: consume topics from their beginning, through kafkajs, and decode each record. Returns milliseconds. */
import { randomUUID } from 'node:crypto';
import type { RecordCodec } from '../../shared/records/record-codec.ts';
import { createKafkajsClient } from '../../shared/log/kafkajs/client.ts';
import { silentLogger } from '../../shared/process/logger.ts';

export const consumeAll = async (
  brokers: readonly string[],
  topics: readonly string[],
  codec: RecordCodec,
  records: number,
): Promise<number> => {
  const began = performance.now();
  const consumer = createKafkajsClient({ brokers, clientId: 'bare' }, silentLogger()).consumer({
    groupId: randomUUID(),
    minBytes: 1,
    maxWaitTimeInMs: 250,
  });
  const { promise: done, resolve } = Promise.withResolvers<void>();
  let count = 0;
  await consumer.connect();
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      count += (await codec.decode(batch.messages.map(({ value }) => value!))).length;
      if (count >= records) resolve();
    },
  });
  await done;
  const ms = performance.now() - began;
  await consumer.disconnect();
  return ms;
};
