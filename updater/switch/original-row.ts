/** Original's row of one partition, as this updater has seen it. */
import type { InternalMastership } from '../../shared/contracts/original-internal.ts';
import type { Logger } from '../../shared/process/logger.ts';

export interface OriginalRow {
  /** What the request returns; undefined when Original does not answer, which is said once. */
  ask(request: () => Promise<InternalMastership>): Promise<InternalMastership | undefined>;
  /** The row, if it was seen one epoch further than `epoch`, the fold's: it stays so until the log has said it. */
  aheadOf(epoch: number): InternalMastership | undefined;
}

export const createOriginalRow = (partition: number, logger: Logger): OriginalRow => {
  let cachedRow: InternalMastership | undefined;
  let originalDown = false;
  return {
    ask: async (request) => {
      try {
        cachedRow = await request();
        originalDown = false;
        return cachedRow;
      } catch (error) {
        if (!originalDown)
          logger.warn({ err: error, partition }, 'Original does not answer about the mastership, trying on');
        originalDown = true;
        return undefined;
      }
    },
    aheadOf: (epoch) => (cachedRow?.epoch === epoch + 1 ? cachedRow : undefined),
  };
};
