/** Where reading may begin, the same for every client: within what the topic has, and in the same topic as before. */
import { OffsetGoneError, type LogPosition, type TopicDescription } from './event-log.ts';

/** The offset to read first. Throws OffsetGoneError. */
export const beginningOf = (position: LogPosition, { begins, ends }: TopicDescription): number => {
  const { topic, partition, offset, mayBeginLater } = position;
  const [low, high] = [begins[partition], ends[partition]];
  if (low === undefined || high === undefined)
    throw new OffsetGoneError(`there is no partition ${partition} of the topic ${topic}`);
  if (offset === 0 && mayBeginLater === true) return low;
  if (offset < low)
    throw new OffsetGoneError(
      `${topic}/${partition} begins at offset ${low}, and ${offset} is wanted: its first records are gone`,
    );
  if (offset > high)
    throw new OffsetGoneError(`${topic}/${partition} ends at offset ${high}, before ${offset}`);
  return offset;
};

export const anotherTopic = (topic: string): OffsetGoneError =>
  new OffsetGoneError(`the topic ${topic} was deleted and created again, its offsets are gone`);

export const topicGone = (topic: string): OffsetGoneError =>
  new OffsetGoneError(`the topic ${topic} is not there any more, its offsets are gone`);
