/**
 * A namespace: its topics, and the genesis record at the beginning of each outcomes partition, which holds its settings.
 * The first record of partition 0 is the truth; two creators that run at once agree on it.
 */
import type { RecordCodec } from '../codec/record-codec.ts';
import { FORMAT, wrongFormat } from '../domain/partition-state.ts';
import type { Genesis } from '../domain/outcome.ts';
import type { Owner } from '../domain/thing.ts';
import { StartError } from '../process/lifecycle.ts';
import type { EventLog } from './event-log.ts';
import { readFirst } from './read-first.ts';
import { topicName, TOPICS, TOPIC_SETTINGS } from './topics.ts';

export interface NewNamespace {
  readonly namespace: string;
  readonly partitions: number;
  readonly owner: Owner;
  /** Drawn by the caller. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Creates what is missing and returns the genesis that holds, which may be an older one. */
export const createNamespace = async (
  log: EventLog,
  codec: RecordCodec,
  { namespace, partitions, owner, id, now }: NewNamespace,
): Promise<Genesis> => {
  const topic = topicName(namespace, 'things.outcomes');
  const existing = await log.partitions(topic);
  await log.createTopics(
    TOPICS.map((suffix) => ({
      topic: topicName(namespace, suffix),
      partitions: existing ?? partitions,
      settings: TOPIC_SETTINGS[suffix],
    })),
  );
  const ends = await log.endOffsets(topic);
  const write = async (partition: number, genesis: Genesis): Promise<void> => {
    if (ends[partition] !== 0) return;
    await log.append(topic, { partition, key: genesis.id, value: codec.encode(genesis), timestamp: now });
  };
  await write(0, { type: 'genesis', id, format: FORMAT, partitions: ends.length, master: owner });
  const genesis = await readGenesis(log, codec, namespace);
  await Promise.all(ends.slice(1).map((_, index) => write(index + 1, genesis)));
  return genesis;
};

/** Throws StartError when the namespace cannot be used, and an ordinary Error when it does not exist (yet). */
export const readGenesis = async (log: EventLog, codec: RecordCodec, namespace: string): Promise<Genesis> => {
  const topic = topicName(namespace, 'things.outcomes');
  if ((await log.partitions(topic)) === undefined || (await log.endOffsets(topic))[0] === 0) {
    throw new Error(
      `the namespace ${namespace} does not exist; \`make run NAMESPACE=${namespace}\` creates it`,
    );
  }
  const [record] = await codec.decode([(await readFirst(log, topic, 0)).value]);
  if (record?.type !== 'genesis')
    throw new StartError(`${topic} does not begin with a genesis: it is not ours`);
  if (record.format !== FORMAT) {
    throw new StartError(wrongFormat(record.format));
  }
  return record;
};
