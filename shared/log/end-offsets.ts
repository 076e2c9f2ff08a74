/**
 * End offsets; callers at the same time share one request. A caller that asks while a request is under way gets the next
 * one: an older answer could miss acknowledged records (P9).
 */
import type { EventLog } from './event-log.ts';

export type EndOffsets = () => Promise<number[]>;

export const sharedEndOffsets = (log: EventLog, topic: string): EndOffsets => {
  let underWay: Promise<number[]> | undefined;
  let next: Promise<number[]> | undefined;

  const start = (): Promise<number[]> => {
    const request = log.endOffsets(topic);
    underWay = request;
    const done = (): void => {
      if (underWay === request) underWay = undefined;
    };
    request.then(done, done);
    return request;
  };

  return () => {
    if (underWay === undefined) return start();
    next ??= underWay
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return start();
      });
    return next;
  };
};
