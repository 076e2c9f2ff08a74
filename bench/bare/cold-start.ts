/** Bare: open an LMDB file, read one entry, and consume the tail of a topic. A process, started with these arguments. */
import { randomUUID } from 'node:crypto';
import { open } from 'lmdb';
import { createKafkajsClient } from '../../shared/log/kafkajs-client.ts';
import { silentLogger } from '../../shared/process/logger.ts';

const [file, brokers, topic, offsets, records] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];
const things = open({ path: file, maxDbs: 12, readOnly: true }).openDB<Buffer, number>('things', {
  encoding: 'binary',
});
if (things.get(1) === undefined) throw new Error('the file has no Things');
const kafka = createKafkajsClient({ brokers: brokers.split(','), clientId: 'bare' }, silentLogger());
const consumer = kafka.consumer({ groupId: randomUUID(), minBytes: 1, maxWaitTimeInMs: 250 });
let count = 0;
consumer.on(consumer.events.GROUP_JOIN, () =>
  offsets.split(',').forEach((offset, partition) => consumer.seek({ topic, partition, offset })),
);
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({
  autoCommit: false,
  eachBatch: async ({ batch }) => {
    count += batch.messages.length;
    if (count >= Number(records)) process.send!('ready');
  },
});
