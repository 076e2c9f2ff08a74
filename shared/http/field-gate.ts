/** The gate of the APIs for fields that not every process may know yet. */
import type { AddedFieldTable } from '../domain/added-fields.ts';
import type { ThingCommand } from '../domain/command.ts';
import { notEnabled } from '../domain/features.ts';
import { ApiError } from './errors.ts';

/** Throws 400 when the command sets an added field that is not among the `features` of its partition, as far as is known here. */
export const checkEnabled = (
  command: ThingCommand,
  partition: number,
  features: readonly string[],
  table?: AddedFieldTable,
): void => {
  const fault = command.type === 'delete' ? undefined : notEnabled(command, partition, features, table);
  if (fault !== undefined) throw new ApiError('bad-request', `nothing was written: ${fault}`);
};
