/** The topics of a namespace. P partitions each, the same P; a Thing and all about it lie in one partition of each. */
export const TOPICS = ['things.original', 'things.commands', 'things.outcomes', 'things'] as const;
export type TopicSuffix = (typeof TOPICS)[number];

export const PARTITIONS_DEFAULT = 12;
export const PARTITIONS_MAX = 1000;

export const topicName = (namespace: string, suffix: TopicSuffix): string => `${namespace}.${suffix}`;

/** A namespace prefixes topics and names a Postgres schema, so its alphabet is the small common one. */
export const NAMESPACE_PATTERN = /^[a-z][a-z0-9_-]{0,39}$/;

/**
 * A record holds what a request body of at most 64 KiB says, some times over (a decision has the answer and the state). The
 * same as the default of brokers, named as theirs may be smaller; append-batcher.ts stays below it.
 */
export const TOPIC_MAX_MESSAGE_BYTES = 1_048_588;
/** Java's Long.MAX_VALUE. */
const NO_LIMIT_MS = '9223372036854775807';

/** A process with a wrong clock can still write: time orders nothing here, and nothing is deleted by time. */
const COMMON_SETTINGS = {
  'max.message.bytes': String(TOPIC_MAX_MESSAGE_BYTES),
  'message.timestamp.type': 'CreateTime',
  'message.timestamp.before.max.ms': NO_LIMIT_MS,
  'message.timestamp.after.max.ms': NO_LIMIT_MS,
} as const;
const KEPT = {
  ...COMMON_SETTINGS,
  'cleanup.policy': 'delete',
  'retention.ms': '-1',
  'retention.bytes': '-1',
} as const;

/** Broker settings of each topic; the log is the truth, so nothing is deleted unless somebody decides to. */
export const TOPIC_SETTINGS: Readonly<Record<TopicSuffix, Readonly<Record<string, string>>>> = {
  'things.original': KEPT,
  'things.commands': KEPT,
  'things.outcomes': KEPT,
  things: { ...COMMON_SETTINGS, 'cleanup.policy': 'compact' },
};
