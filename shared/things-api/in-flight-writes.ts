/**
 * The writes under way in this process, by command id: detects two different requests with the same id at once, even when
 * they belong to two partitions, which do not know each other's ids.
 */
import { refused } from '../domain/answer.ts';
import type { ThingCommand } from '../domain/command.ts';
import type { WriteResult } from './things-backend.ts';

export type InFlightWrite = (command: ThingCommand, work: () => Promise<WriteResult>) => Promise<WriteResult>;

export const createInFlightWrites = (): InFlightWrite => {
  const underWay = new Map<string, { readonly payloadHash: string; count: number }>();
  return async (command, work) => {
    const { commandId, payloadHash } = command;
    const known = underWay.get(commandId) ?? { payloadHash, count: 0 };
    if (known.payloadHash !== payloadHash) {
      return { kind: 'decided', decision: refused(command, { code: 'reused' }) };
    }
    known.count++;
    underWay.set(commandId, known);
    try {
      return await work();
    } finally {
      known.count--;
      if (known.count === 0) underWay.delete(commandId);
    }
  };
};
