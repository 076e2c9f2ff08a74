/** Bare: node:http; a POST is produced to one topic and answered when it was consumed from the other. Arguments: brokers, topics. */
import { randomUUID } from 'node:crypto';
import { openStepsLog } from './steps-log.ts';
import { serveBare } from './serve-bare.ts';

const [brokers, commands, outcomes, partitions] = process.argv.slice(2) as [string, string, string, string];
const waiting = new Map<string, (value: Buffer) => void>();
const log = await openStepsLog(brokers, commands, outcomes, (_partition, key, value) =>
  waiting.get(key.toString())?.(value),
);
let next = 0;
serveBare((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const key = randomUUID();
    waiting.set(key, (value) => {
      waiting.delete(key);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(value);
    });
    const body = JSON.stringify(JSON.parse(Buffer.concat(chunks).toString()));
    log.produce({ partition: next++ % Number(partitions), key: Buffer.from(key), value: Buffer.from(body) });
  });
});
