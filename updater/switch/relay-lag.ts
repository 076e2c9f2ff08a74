/** P13: behind the fence there is no way back, so the relay must be through, and most of it observed, before. */
import type { OriginalClient } from '../../shared/contracts/original-client.ts';
import { FEED_ENDS_WAIT_MAX_MS } from '../../shared/contracts/original-internal.ts';
import type { PartitionState } from '../../shared/domain/partition-state.ts';
import type { Logger } from '../../shared/process/logger.ts';
import { SWITCH_LAG_MAX_RECORDS } from './switch-decision.ts';

export interface RelayLagParts {
  readonly partition: number;
  readonly state: Pick<PartitionState, 'header'>;
  readonly original: Pick<OriginalClient, 'feedEnds' | 'mastership'>;
  readonly logger: Logger;
}

/** Why the relay is not through after `waitMs`; undefined when it is. Never throws. */
export const relayBlockedBy = async (
  { partition, state, original, logger }: RelayLagParts,
  waitMs: number,
): Promise<string | undefined> => {
  try {
    const ends = await original.feedEnds(Math.min(Math.max(0, waitMs), FEED_ENDS_WAIT_MAX_MS));
    const behind = ends[partition]! - 1 - state.header.feedPosition;
    return behind > SWITCH_LAG_MAX_RECORDS ? `${behind} entries of the feed are not observed` : undefined;
  } catch (error) {
    logger.debug({ err: error, partition }, 'the relay has not published the outbox');
    const row = await original.mastership(partition).catch(() => undefined);
    const holder = row?.oldestTransaction === undefined ? '' : ` (${row.oldestTransaction})`;
    return `the relay did not publish the outbox${holder}`;
  }
};
