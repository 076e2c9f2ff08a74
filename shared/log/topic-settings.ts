/** Compares the settings of a topic that is there with those that it would be created with. */
import type { Logger } from '../process/logger.ts';
import type { TopicSpec } from './event-log.ts';

export interface OtherSetting {
  readonly name: string;
  readonly is: string;
  readonly wanted: string;
}

/** `found`: the settings of the topic by name, broker defaults included. The broker does not know a setting that is missing. */
const otherSettings = (
  wanted: TopicSpec['settings'],
  found: ReadonlyMap<string, string | null | undefined>,
): OtherSetting[] =>
  Object.entries(wanted).flatMap(([name, value]) => {
    const is = found.get(name);
    return is === undefined || is === null || is === value ? [] : [{ name, is, wanted: value }];
  });

/** A warning, as who set them may have had a reason. */
export const warnOfOtherSettings = (
  logger: Logger,
  topic: string,
  wanted: TopicSpec['settings'],
  found: ReadonlyMap<string, string | null | undefined>,
): void => {
  const settings = otherSettings(wanted, found);
  if (settings.length === 0) return;
  logger.warn(
    { topic, settings },
    'the topic has other settings than it would be created with: records may be refused or deleted; kafka-configs changes them',
  );
};
