/** Creating topics and looking them up, through kafkajs. */
import type { Logger } from '../../process/logger.ts';
import type { TopicSpec } from '../event-log.ts';
import { TOPIC_CREATE_TIMEOUT_MS } from '../kafka-timeouts.ts';
import type { RenewableAdmin } from './admin.ts';
import { warnOfOtherSettings } from '../topic-settings.ts';

/** Kafka's number for it; Node does not find the client's own table as an export. */
const TOPIC_RESOURCE = 2;

export const createTopics = async (
  admin: RenewableAdmin,
  specs: readonly TopicSpec[],
  replicationFactor: number,
  logger: Logger,
): Promise<void> => {
  const existing = new Set(await listTopics(admin));
  const missing = specs.filter(({ topic }) => !existing.has(topic));
  if (missing.length > 0) {
    await admin.ask('creating topics', (connected) =>
      connected.createTopics({
        waitForLeaders: true,
        timeout: TOPIC_CREATE_TIMEOUT_MS,
        topics: missing.map(({ topic, partitions, settings }) => ({
          topic,
          numPartitions: partitions,
          replicationFactor,
          configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
        })),
      }),
    );
  }
  for (const { topic, partitions } of specs) {
    const found = await countPartitions(admin, topic);
    if (found !== partitions)
      throw new Error(`the topic ${topic} has ${found ?? 'no'} partitions, not ${partitions}`);
  }
  for (const spec of specs) if (existing.has(spec.topic)) await checkSettings(admin, spec, logger);
};

const checkSettings = async (
  admin: RenewableAdmin,
  { topic, settings }: TopicSpec,
  logger: Logger,
): Promise<void> => {
  const configNames = Object.keys(settings);
  if (configNames.length === 0) return;
  const { resources } = await admin.ask(`the settings of ${topic}`, (connected) =>
    connected.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: TOPIC_RESOURCE, name: topic, configNames }],
    }),
  );
  const found = new Map(
    resources.flatMap(({ configEntries }) =>
      configEntries.map(({ configName, configValue }) => [configName, configValue] as const),
    ),
  );
  warnOfOtherSettings(logger, topic, settings, found);
};

export const countPartitions = async (admin: RenewableAdmin, topic: string): Promise<number | undefined> => {
  if (!(await listTopics(admin)).includes(topic)) return undefined;
  const { topics } = await admin.ask(`the partitions of ${topic}`, (connected) =>
    connected.fetchTopicMetadata({ topics: [topic] }),
  );
  return topics[0]?.partitions.length;
};

const listTopics = (admin: RenewableAdmin): Promise<string[]> =>
  admin.ask('the list of topics', (connected) => connected.listTopics());
