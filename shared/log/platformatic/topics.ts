/** Creating topics and looking them up, through @platformatic/kafka. A topic that was just created is not known at once. */
import { ConfigResourceTypes, findErrorBy, type Admin, type Consumer } from '@platformatic/kafka';
import type { Logger } from '../../process/logger.ts';
import type { TopicSpec } from '../event-log.ts';
import { answerInTime, retryFor } from '../kafka-limit.ts';
import { CONNECT_PATIENCE_MS } from '../kafka-timeouts.ts';
import { fetchEndOffsets } from './offsets.ts';
import { warnOfOtherSettings } from '../topic-settings.ts';

/** Resolves when the leaders work. */
export const createTopics = async (
  admin: Admin,
  offsets: Consumer,
  specs: readonly TopicSpec[],
  replicationFactor: number,
  logger: Logger,
): Promise<void> => {
  const existing = new Set(await listTopics(admin));
  for (const { topic, partitions, settings } of specs) {
    if (existing.has(topic)) continue;
    const configs = Object.entries(settings).map(([name, value]) => ({ name, value }));
    try {
      await answerInTime(
        `creating the topic ${topic}`,
        admin.createTopics({ topics: [topic], partitions, replicas: replicationFactor, configs }),
      );
    } catch (error) {
      // Somebody else created it at the same time.
      if (findErrorBy(error as Error, 'apiId', 'TOPIC_ALREADY_EXISTS') === null) throw error;
    }
  }
  for (const { topic, partitions } of specs) {
    const found = await partitionsOf(admin, topic);
    if (found !== partitions)
      throw new Error(`the topic ${topic} has ${found} partitions, not ${partitions}`);
    // A leader is named before it knows that it is one.
    await fetchEndOffsets(offsets, topic);
  }
  for (const spec of specs) if (existing.has(spec.topic)) await checkSettings(admin, spec, logger);
};

const checkSettings = async (admin: Admin, { topic, settings }: TopicSpec, logger: Logger): Promise<void> => {
  const configurationKeys = Object.keys(settings);
  if (configurationKeys.length === 0) return;
  const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configurationKeys };
  const answers = await retryFor(CONNECT_PATIENCE_MS, () =>
    answerInTime(`the settings of ${topic}`, admin.describeConfigs({ resources: [resource] })),
  );
  const found = new Map(answers.flatMap(({ configs }) => configs.map(({ name, value }) => [name, value])));
  warnOfOtherSettings(logger, topic, settings, found);
};

export const countPartitions = async (admin: Admin, topic: string): Promise<number | undefined> =>
  (await listTopics(admin)).includes(topic) ? partitionsOf(admin, topic) : undefined;

const listTopics = (admin: Admin): Promise<string[]> =>
  retryFor(CONNECT_PATIENCE_MS, () => answerInTime('the list of topics', admin.listTopics()));

const partitionsOf = (admin: Admin, topic: string): Promise<number> =>
  retryFor(CONNECT_PATIENCE_MS, async () => {
    const { topics } = await answerInTime(
      `the partitions of ${topic}`,
      admin.metadata({ topics: [topic], forceUpdate: true }),
    );
    return topics.get(topic)!.partitionsCount;
  });

/** Kafka's id of the topic; undefined when there is no such topic. */
export const fetchTopicId = async (client: Admin | Consumer, topic: string): Promise<string | undefined> => {
  try {
    const asking = client.metadata({ topics: [topic], forceUpdate: true });
    return (await answerInTime(`the id of ${topic}`, asking)).topics.get(topic)?.id;
  } catch (error) {
    if (isUnknownTopic(error)) return undefined;
    throw error;
  }
};

/** The client replaces the broker's answer by an error of its own, without a code. */
export const isUnknownTopic = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('Unknown topic ');
