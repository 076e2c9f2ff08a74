/** The gate of the APIs for fields that not every process may know yet. */
import type { AddedFieldTable } from '../domain/added-fields.ts';
import type { ThingCommand } from '../domain/command.ts';
import { notEnabled } from '../domain/features.ts';
import { ApiError } from '../http/errors.ts';

export interface FieldGate {
  /** Enabled in a partition, as far as is known here. */
  features(partition: number): readonly string[];
  /** Resolves when everything is known here that the log has now. Throws ApiError when nothing may be written, or it takes too long. */
  caughtUp(partition: number): Promise<void>;
}

/**
 * Throws 400 when the command sets an added field that is not enabled in its partition. Reads to the end of the log first:
 * a process that has read further may have accepted the value already, perhaps under the same command id.
 */
export const checkEnabled = async (
  command: ThingCommand,
  partition: number,
  { features, caughtUp }: FieldGate,
  table?: AddedFieldTable,
): Promise<void> => {
  const fault = (): string | undefined =>
    command.type === 'delete' ? undefined : notEnabled(command, partition, features(partition), table);
  if (fault() === undefined) return;
  await caughtUp(partition);
  const stillFault = fault();
  if (stillFault !== undefined) throw new ApiError('bad-request', `nothing was written: ${stillFault}`);
};
