/**
 * Repairs the command log of a partition that was cut below the fold's position: appends marks up to that position. The marks
 * take offsets of decided commands, so no updater decides them; later commands get new offsets and are decided.
 */
import type { RecordCodec } from '../records/record-codec.ts';
import { hashOfFields, type MarkCommand } from '../domain/command.ts';
import { AppendNotStoredError, AppendUnknownError, type EventLog } from '../log/event-log.ts';
import { topicName } from '../records/topics.ts';

export interface RestoreCommandsRequest {
  readonly namespace: string;
  readonly partition: number;
  /** Offset of the last command that the fold has decided. */
  readonly position: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** A fresh id for each mark. */
  readonly newId: () => string;
}

const LABEL = 'in the place of a decided command that was lost';
const APPENDS_AT_ONCE = 500;
/** In a row, without the log having become longer. */
const FAILURES_MAX = 5;

/**
 * Returns how many marks were appended: 0 when nothing is missing. Throws what `append` throws when the log does not become
 * longer; to call it again is safe.
 */
export const restoreCommands = async (
  log: EventLog,
  codec: RecordCodec,
  { namespace, partition, position, now, newId }: RestoreCommandsRequest,
): Promise<number> => {
  const topic = topicName(namespace, 'things.commands');
  const payloadHash = hashOfFields(['mark', LABEL]);
  const append = (): Promise<number> => {
    const mark: MarkCommand = {
      type: 'mark',
      commandId: newId(),
      requestedOn: now,
      payloadHash,
      label: LABEL,
    };
    return log.append(topic, { partition, key: mark.commandId, value: codec.encode(mark), timestamp: now });
  };
  const missing = async (): Promise<number> => {
    const end = (await log.endOffsets(topic))[partition];
    if (end === undefined) throw new Error(`there is no partition ${partition} of the topic ${topic}`);
    return Math.max(0, position + 1 - end);
  };
  const first = await missing();
  let failures = 0;
  for (let left = first; left > 0;) {
    const appends = await Promise.allSettled(
      Array.from({ length: Math.min(left, APPENDS_AT_ONCE) }, () => append()),
    );
    const failed = appends.find((one) => one.status === 'rejected')?.reason as unknown;
    const stillMissing = await missing();
    failures = stillMissing < left ? 0 : failures + 1;
    if (failed !== undefined && (failures >= FAILURES_MAX || !mayPass(failed))) throw failed;
    left = stillMissing;
  }
  return first;
};

const mayPass = (error: unknown): boolean =>
  error instanceof AppendUnknownError || error instanceof AppendNotStoredError;
