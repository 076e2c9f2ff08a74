/** What the schema of /internal/decide cannot say: the command belongs to the partition, and its hash to the command. */
import { partitionOfCommand, payloadHash } from '../shared/domain/command.ts';
import { ApiError } from '../shared/http/errors.ts';
import type { InternalDecideBody } from '../shared/http/internal-api.ts';

/** Throws 400. Who owns `partition` may write its Things alone, and a stored answer is found by the hash. */
export const checkDecideBody = ({ partition, command }: InternalDecideBody, partitions: number): void => {
  const home = partitionOfCommand(command, partitions);
  if (home !== partition) {
    throw new ApiError('bad-request', `the command belongs to partition ${home} and not to ${partition}`);
  }
  if (command.payloadHash !== payloadHash(command))
    throw new ApiError('bad-request', 'the payloadHash is not that of the command');
};
