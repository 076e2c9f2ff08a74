/** What the schema of /internal/decide cannot say: the command belongs to the partition, and its hash to the command. */
import { payloadHash } from '../../shared/domain/command.ts';
import { commandFault } from '../../shared/domain/command-check.ts';
import { ApiError } from '../../shared/http/errors.ts';
import type { InternalDecideBody } from '../../shared/contracts/original-internal.ts';

/** Throws 400. The master of `partition` may write Things of that partition alone, and a stored answer is found by the hash. */
export const checkDecideBody = ({ partition, command }: InternalDecideBody, partitions: number): void => {
  const fault = commandFault(command, partition, partitions);
  if (fault !== undefined) throw new ApiError('undecidable', `the command cannot be decided: ${fault}`);
  if (command.payloadHash !== payloadHash(command))
    throw new ApiError('undecidable', 'the payloadHash is not that of the command');
};
