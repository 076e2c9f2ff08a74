/**
 * A caller waits for the outcome of its own record, not of its command id: the log may hold the same id again with another
 * payload, and the 422 of that record is not the answer to the first.
 */
import type { Decision } from '../domain/answer.ts';

export interface ExpectedOutcome {
  /** Resolves with the decision of the command at `offset`. */
  at(offset: number): Promise<Decision>;
  /** Must be called when nobody waits any more. */
  cancel(): void;
}

export interface OutcomeWaiter {
  /** Must be called before the command is appended: its outcome may be read before its offset is known. */
  expect(partition: number, commandId: string): ExpectedOutcome;
  /** By the reader of the outcomes, once the decision can be seen by readers. */
  decided(partition: number, offset: number, decision: Decision): void;
  /** Requests that wait. */
  size(): number;
}

interface Waiting {
  readonly seen: Map<number, Decision>;
  offset: number | undefined;
  resolve: (decision: Decision) => void;
}

export const createOutcomeWaiter = (): OutcomeWaiter => {
  const waitingBy = new Map<string, Set<Waiting>>();
  const keyOf = (partition: number, commandId: string): string => `${partition}/${commandId}`;

  return {
    expect: (partition, commandId) => {
      const key = keyOf(partition, commandId);
      const { promise, resolve } = Promise.withResolvers<Decision>();
      const waiting: Waiting = { seen: new Map(), offset: undefined, resolve };
      const others = waitingBy.get(key);
      if (others === undefined) waitingBy.set(key, new Set([waiting]));
      else others.add(waiting);
      return {
        at: (offset) => {
          waiting.offset = offset;
          const seen = waiting.seen.get(offset);
          if (seen !== undefined) resolve(seen);
          return promise;
        },
        cancel: () => {
          const all = waitingBy.get(key);
          all?.delete(waiting);
          if (all?.size === 0) waitingBy.delete(key);
        },
      };
    },
    decided: (partition, offset, decision) => {
      for (const waiting of waitingBy.get(keyOf(partition, decision.answer.commandId)) ?? []) {
        if (waiting.offset === undefined) waiting.seen.set(offset, decision);
        else if (waiting.offset === offset) waiting.resolve(decision);
      }
    },
    size: () => waitingBy.size,
  };
};
