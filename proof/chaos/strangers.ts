/** What others do to a stack that they share with us: transactions that stay open, records in our topics. */
import pg from 'pg';
import { kafkaOperator } from '../../shared/log/kafkajs/operator.ts';
import { topicName } from '../../shared/records/topics.ts';
import type { ServicesSettings } from '../../scripts/services.ts';

/** In another database of the server; it has a transaction id, and then does nothing until it is ended. */
export const openTransaction = async (databaseUrl: string): Promise<() => Promise<void>> => {
  const url = new URL(databaseUrl);
  url.pathname = '/postgres';
  const client = new pg.Client({ connectionString: url.href });
  // The server may be stopped meanwhile.
  client.on('error', () => undefined);
  await client.connect();
  await client.query('begin');
  await client.query('select pg_current_xact_id()');
  return () => client.end();
};

/** Nobody can read it. The broker takes no record without a key for a compacted topic. */
export const writeGarbage = async ({ KAFKA_BROKERS, NAMESPACE }: ServicesSettings): Promise<void> => {
  const operator = await kafkaOperator(KAFKA_BROKERS.split(','));
  try {
    for (const suffix of ['things.commands', 'things.original', 'things'] as const)
      await operator.append(topicName(NAMESPACE, suffix), 0, 'not a key', Buffer.from('not a record'));
    await operator.appendTombstone(topicName(NAMESPACE, 'things.commands'), 1, 'k');
  } finally {
    await operator.close();
  }
};
