/**
 * Checks that the topics are those that this database has worked with. A topic that was deleted and created again, or cut,
 * has the same name but other records: acknowledged records would be skipped without notice.
 */
import type pg from 'pg';
import type { EventLog, TopicDescription } from '../../shared/log/event-log.ts';
import { topicName } from '../../shared/records/topics.ts';
import { WHOLE_TOPICS } from '../../shared/records/namespace.ts';
import { StartError } from '../../shared/process/lifecycle.ts';

const WHAT_TO_DO =
  'Restore the topic, or wipe database and topics together (`make clean`), or use another NAMESPACE';
const COPIED =
  'If it was copied on purpose, with every record at its offset, empty the table `topics` of the database';

/** Stores Kafka's topic ids at first start and compares them later; checks that no records are missing. Throws StartError. */
export const bindTopics = async (
  pool: pg.Pool,
  log: Pick<EventLog, 'describeTopic'>,
  namespace: string,
): Promise<void> => {
  // Before the topics are asked: another Original may go on meanwhile.
  const checkpoints = await checkpointsOf(pool);
  const descriptions = new Map<string, TopicDescription>();
  for (const suffix of WHOLE_TOPICS) {
    const topic = topicName(namespace, suffix);
    const description = await log.describeTopic(topic);
    if (description === undefined) throw new StartError(`the topic ${topic} is gone. ${WHAT_TO_DO}`);
    descriptions.set(suffix, description);
    await pool.query('insert into topics (topic, id) values ($1, $2) on conflict do nothing', [
      suffix,
      description.id,
    ]);
  }
  const { rows } = await pool.query<{ topic: string; id: string }>('select topic, id from topics');
  for (const { topic: suffix, id } of rows) {
    const found = descriptions.get(suffix);
    if (found !== undefined && found.id !== id)
      throw new StartError(
        `the topic ${topicName(namespace, suffix as (typeof WHOLE_TOPICS)[number])} is not the one that the database has worked with: its id is ${found.id}, and was ${id}. ` +
          `It was deleted and created again, or KAFKA_BROKERS leads to another cluster. ${WHAT_TO_DO}. ${COPIED}`,
      );
  }
  checkEnds(checkpoints, namespace, descriptions);
};

interface Checkpoint {
  partition: number;
  /** Of the mirror. */
  next: number;
  /** Entries of the outbox. */
  published: number;
}

const checkpointsOf = async (pool: pg.Pool): Promise<readonly Checkpoint[]> => {
  const { rows } = await pool.query<Checkpoint>(
    'select partition, next_offset as next, number as published from mirror join outbox_removed using (partition) order by partition',
  );
  return rows;
};

const checkEnds = (
  checkpoints: readonly Checkpoint[],
  namespace: string,
  descriptions: ReadonlyMap<string, TopicDescription>,
): void => {
  for (const { partition, next, published } of checkpoints) {
    const outcomes = descriptions.get('things.outcomes')!.ends[partition] ?? 0;
    if (next > outcomes)
      throw new StartError(
        `${topicName(namespace, 'things.outcomes')}/${partition} ends at offset ${outcomes}, and the database has taken over what lies before ${next}: the topic was cut. ${WHAT_TO_DO}`,
      );
    const feed = descriptions.get('things.original')!.ends[partition] ?? 0;
    if (published > feed)
      throw new StartError(
        `${topicName(namespace, 'things.original')}/${partition} ends at offset ${feed}, and the database has published ${published} entries: the topic was cut. ${WHAT_TO_DO}`,
      );
  }
};
