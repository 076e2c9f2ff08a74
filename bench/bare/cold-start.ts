/**
 * Bare: open an LMDB file, read one entry, and consume the tail of a topic. A process, started with these arguments. With
 * `libraries` as the last one it loads first what a service is made of, and serves HTTP.
 */
import { randomUUID } from 'node:crypto';
import { Consumer } from '@platformatic/kafka';
import { open } from 'lmdb';

const [file, brokers, topic, offsets, records, libraries] = process.argv.slice(2);
if (libraries !== undefined) {
  const { default: Koa } = await import('koa');
  await Promise.all(
    ['@kafkajs/confluent-schema-registry', '@koa/router', 'undici', 'prom-client', 'typebox'].map(
      (name) => import(name),
    ),
  );
  new Koa().listen();
}
const things = open({ path: file!, maxDbs: 12, readOnly: true }).openDB<Buffer, number>('things', {
  encoding: 'binary',
});
if (things.get(1) === undefined) throw new Error('the file has no Things');
const consumer = new Consumer({
  clientId: 'bare',
  groupId: randomUUID(),
  bootstrapBrokers: brokers!.split(','),
  maxWaitTime: 250,
  minBytes: 1,
  autocommit: false,
});
const places = offsets!
  .split(',')
  .map((offset, partition) => ({ topic: topic!, partition, offset: BigInt(offset) }));
const stream = await consumer.consume({ topics: [topic!], mode: 'manual', offsets: places });
let count = 0;
for await (const _message of stream) if (++count >= Number(records)) break;
process.send!('ready');
