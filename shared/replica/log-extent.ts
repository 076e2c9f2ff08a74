/** What a local store is made of, as it is now: ids and offsets of the topics that it was read from. */
import type { EventLog, TopicDescription } from '../log/event-log.ts';
import { topicName } from '../records/topics.ts';

export interface LogExtent {
  readonly outcomes: TopicDescription;
  readonly commands: TopicDescription;
}

/** Throws when a topic is not there. */
export const describeLog = async (log: EventLog, namespace: string): Promise<LogExtent> => {
  const [outcomes, commands] = await Promise.all(
    (['things.outcomes', 'things.commands'] as const).map(async (suffix) => {
      const topic = topicName(namespace, suffix);
      const description = await log.describeTopic(topic);
      if (description === undefined) throw new Error(`the topic ${topic} is gone`);
      return description;
    }),
  );
  return { outcomes: outcomes!, commands: commands! };
};
