/**
 * A namespace: its topics, and the genesis record at the beginning of each outcomes partition, which holds its settings.
 * The first record of partition 0 is the truth; two creators that run at once agree on it.
 */
import type { RecordCodec } from './record-codec.ts';
import { FORMAT, wrongFormat } from '../domain/partition-state.ts';
import type { Genesis } from '../domain/outcome.ts';
import type { Api } from '../domain/thing.ts';
import { StartError } from '../process/lifecycle.ts';
import type { EventLog } from '../log/event-log.ts';
import { readFirsts } from '../log/read-first.ts';
import { topicName, TOPICS, TOPIC_SETTINGS } from './topics.ts';

export interface NewNamespace {
  readonly namespace: string;
  readonly partitions: number;
  readonly master: Api;
  /** Drawn by the caller. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Creates what is missing and returns the genesis that holds, which may be an older one. Throws StartError as `readGenesis` does. */
export const createNamespace = async (
  log: EventLog,
  codec: RecordCodec,
  { namespace, partitions, master, id, now }: NewNamespace,
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
  await refuseLostOutcomes(log, namespace, ends);
  const write = async (partition: number, genesis: Genesis): Promise<void> => {
    if (ends[partition] !== 0) return;
    await log.append(topic, { partition, key: genesis.id, value: codec.encode(genesis), timestamp: now });
  };
  await write(0, { type: 'genesis', id, format: FORMAT, partitions: ends.length, master });
  await checkTopics(log, namespace);
  const [genesis] = await readGeneses(log, codec, topic, [0]);
  await Promise.all(ends.slice(1).map((_, index) => write(index + 1, genesis!)));
  return readGenesis(log, codec, namespace);
};

/**
 * The genesis of all partitions, once each of them has been looked at. Throws StartError when the namespace cannot be used, and
 * an ordinary Error when it does not exist (yet).
 */
export const readGenesis = async (log: EventLog, codec: RecordCodec, namespace: string): Promise<Genesis> => {
  const topic = topicName(namespace, 'things.outcomes');
  const ends = (await log.partitions(topic)) === undefined ? [0] : await log.endOffsets(topic);
  if (ends[0] === 0) {
    throw new Error(
      `the namespace ${namespace} does not exist; \`make run NAMESPACE=${namespace}\` creates it`,
    );
  }
  await checkTopics(log, namespace);
  const empty = ends.indexOf(0);
  if (empty >= 0)
    throw new Error(`${topic}/${empty} has no genesis: it is being created, or it lost its records`);
  const geneses = await readGeneses(log, codec, topic, [...ends.keys()]);
  const genesis = geneses[0]!;
  const foreign = geneses.findIndex(({ id }) => id !== genesis.id);
  if (foreign >= 0)
    throw new StartError(
      `${topic}/${foreign} begins with the genesis ${geneses[foreign]!.id}, and ${topic}/0 with ${genesis.id}: they are of two logs. ${WHAT_TO_DO}`,
    );
  if (genesis.partitions !== ends.length)
    throw new StartError(
      `${topic} has ${ends.length} partitions, and its genesis says ${genesis.partitions}: the number must not be changed. ${WHAT_TO_DO}`,
    );
  return genesis;
};

/** A state is made of all records from the first one on. The states for other consumers are compacted, and may begin later. */
export const WHOLE_TOPICS = ['things.original', 'things.commands', 'things.outcomes'] as const;

const WHAT_TO_DO = 'Restore the topic from a copy, or use another NAMESPACE';

/**
 * Throws StartError when the head of a partition is gone, of any topic but `<ns>.things`, and an ordinary Error when a topic does
 * not exist (yet).
 */
const checkTopics = async (log: EventLog, namespace: string): Promise<void> => {
  for (const suffix of WHOLE_TOPICS) {
    const topic = topicName(namespace, suffix);
    const described = await log.describeTopic(topic);
    if (described === undefined) throw new Error(`the topic ${topic} does not exist`);
    const cut = described.begins.findIndex((begin) => begin > 0);
    if (cut >= 0)
      throw new StartError(
        `${topic}/${cut} begins at offset ${described.begins[cut]}, not 0: its first records were deleted, and no state can be made without them. ` +
          `${WHAT_TO_DO}; and see that its retention.ms and retention.bytes are -1`,
      );
  }
};

/** Throws StartError for a record that is no genesis of this format. */
const readGeneses = async (
  log: EventLog,
  codec: RecordCodec,
  topic: string,
  partitions: readonly number[],
): Promise<Genesis[]> => {
  const firsts = await readFirsts(log, topic, partitions);
  const records = await codec.decode(firsts.map(({ value }) => value));
  return records.map((record, index) => {
    if (record.type !== 'genesis')
      throw new StartError(
        `${topic}/${partitions[index]} begins with a record of type ${record.type}, not with a genesis: it is not ours, or it was written anew. ${WHAT_TO_DO}`,
      );
    if (record.format !== FORMAT) throw new StartError(wrongFormat(record.format));
    return record;
  });
};

/** The genesis is written first: if there are commands or feed entries, every outcomes partition must have its genesis. */
const refuseLostOutcomes = async (
  log: EventLog,
  namespace: string,
  ends: readonly number[],
): Promise<void> => {
  const lost = ends.indexOf(0);
  if (lost < 0) return;
  for (const suffix of ['things.commands', 'things.original'] as const) {
    const used = (await log.endOffsets(topicName(namespace, suffix))).findIndex((end) => end > 0);
    if (used >= 0)
      throw new StartError(
        `${topicName(namespace, 'things.outcomes')}/${lost} is empty, and ${topicName(namespace, suffix)}/${used} is not: it lost its records. ${WHAT_TO_DO}`,
      );
  }
};
