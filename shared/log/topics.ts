/** The topics of a namespace. P partitions each, the same P; a Thing and all about it lie in one partition of each. */
export const TOPICS = ['things.original', 'things.commands', 'things.outcomes', 'things'] as const;
export type TopicSuffix = (typeof TOPICS)[number];

export const PARTITIONS_DEFAULT = 12;
export const PARTITIONS_MAX = 1000;

export const topicName = (namespace: string, suffix: TopicSuffix): string => `${namespace}.${suffix}`;

/** A namespace prefixes topics and names a Postgres schema, so its alphabet is the small common one. */
export const NAMESPACE_PATTERN = /^[a-z][a-z0-9_-]{0,39}$/;

/** Broker settings of each topic; the log is the truth, so nothing is deleted unless somebody decides to. */
export const TOPIC_SETTINGS: Readonly<Record<TopicSuffix, Readonly<Record<string, string>>>> = {
  'things.original': { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' },
  'things.commands': { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' },
  'things.outcomes': { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' },
  things: { 'cleanup.policy': 'compact' },
};
