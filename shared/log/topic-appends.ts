/**
 * Appends by topic: each topic has its own queue and its own client, so that a topic that is away or slow holds up no
 * other.
 */
import type { Logger } from '../process/logger.ts';
import { createAppendBatcher, type AppendBatcher } from './append-batcher.ts';
import { createAppendSender, type Produce } from './append-sender.ts';
import type { AppendRecord } from './event-log.ts';

/** A client that appends. */
export interface Producing {
  readonly produce: Produce;
  close(): Promise<void>;
}

export interface TopicAppends {
  append(topic: string, record: AppendRecord): Promise<number>;
  /** Resolves when what was appended is settled and all clients are closed. */
  close(): Promise<void>;
}

export const createTopicAppends = (open: () => Producing, logger: Logger): TopicAppends => {
  const byTopic = new Map<string, { readonly batcher: AppendBatcher; readonly close: () => Promise<void> }>();

  const of = (topic: string): AppendBatcher => {
    const known = byTopic.get(topic);
    if (known !== undefined) return known.batcher;
    const { produce, close } = open();
    const batcher = createAppendBatcher(createAppendSender(topic, produce, logger));
    byTopic.set(topic, { batcher, close });
    return batcher;
  };

  return {
    append: (topic, record) => of(topic).append(record),
    close: async () => {
      await Promise.all(
        [...byTopic.values()].map(async ({ batcher, close }) => {
          await batcher.drained();
          await close();
        }),
      );
    },
  };
};
