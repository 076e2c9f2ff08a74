/** Logs that end before what the fold has made of them: records that were acknowledged are gone. */
import type { PartitionHeader } from '../../shared/domain/partition-state.ts';

export interface LogEnds {
  /** Offsets of the next records. */
  readonly commands: number;
  readonly feed: number;
}

/** Which log of a partition is too short, in a sentence; undefined: neither. */
export const shortLogs = (
  { partition, position, feedPosition }: PartitionHeader,
  { commands, feed }: LogEnds,
): { readonly commands: string | undefined; readonly feed: string | undefined } => ({
  commands:
    commands > position
      ? undefined
      : `commands/${partition} ends at ${commands}, the fold has decided ${position}: commands that were decided are gone, and new ones ` +
        'would get their offsets. `playground master repair` puts marks in their place',
  feed:
    feed > feedPosition
      ? undefined
      : `original/${partition} ends at ${feed}, the fold has observed ${feedPosition}: entries that were observed are gone, and new ones ` +
        'would get their offsets. Restore the topic from a copy',
});
