/** P13: behind the fence there is no way back, so the relay must be through, and most of it observed, before. */
import type { OriginalClient } from '../../shared/contracts/original-client.ts';
import { FEED_ENDS_WAIT_MAX_MS, type InternalMastership } from '../../shared/contracts/original-internal.ts';
import type { PartitionHeader } from '../../shared/domain/partition-state.ts';
import { SWITCH_LAG_MAX_RECORDS } from './switch-decision.ts';

export type FeedEnds = readonly number[] | Error;

/** The ends of the feed once the outbox is published, or why they are not known after `waitMs`. Never throws. */
export const askFeedEnds = (original: Pick<OriginalClient, 'feedEnds'>, waitMs: number): Promise<FeedEnds> =>
  original
    .feedEnds(Math.min(Math.max(0, waitMs), FEED_ENDS_WAIT_MAX_MS))
    .catch((error: unknown) => error as Error);

/** Why the relay is not through; undefined when it is. */
export const relayBlockedBy = (
  ends: FeedEnds,
  { partition, feedPosition }: PartitionHeader,
  row: InternalMastership | undefined,
): string | undefined => {
  if (ends instanceof Error) {
    const holder = row?.oldestTransaction === undefined ? '' : ` (${row.oldestTransaction})`;
    return `the relay did not publish the outbox${holder}`;
  }
  const behind = ends[partition]! - 1 - feedPosition;
  return behind > SWITCH_LAG_MAX_RECORDS ? `${behind} entries of the feed are not observed` : undefined;
};
