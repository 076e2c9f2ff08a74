/** What others do to a stack that they share with us: transactions that stay open, records in our topics, a topic that is cut. */
import pg from 'pg';
import { kafkaOperator } from '../../shared/log/kafkajs-operator.ts';
import { topicName } from '../../shared/log/topics.ts';
import type { ApisSettings } from '../apis.ts';

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

/** Nobody can read it. */
export const writeGarbage = async ({ KAFKA_BROKERS, NAMESPACE }: ApisSettings): Promise<void> => {
  const operator = await kafkaOperator(KAFKA_BROKERS.split(','));
  try {
    for (const suffix of ['things.commands', 'things.original', 'things'] as const)
      await operator.append(topicName(NAMESPACE, suffix), 0, null, Buffer.from('not a record'));
    await operator.appendTombstone(topicName(NAMESPACE, 'things.commands'), 1, 'k');
  } finally {
    await operator.close();
  }
};

/** Takes away all that `<ns>.things` has by now: the one topic of ours that may begin later than 0. */
export const cutLatestStates = async ({
  KAFKA_BROKERS,
  NAMESPACE,
  PARTITIONS,
}: ApisSettings): Promise<void> => {
  const operator = await kafkaOperator(KAFKA_BROKERS.split(','));
  try {
    for (let partition = 0; partition < PARTITIONS; partition++)
      await operator.deleteRecords(topicName(NAMESPACE, 'things'), partition, -1);
  } finally {
    await operator.close();
  }
};
