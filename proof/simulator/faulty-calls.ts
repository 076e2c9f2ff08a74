/** Calls between machines, and of a machine to its database: they take their time, get lost, or their answers do. */
import type { InternalHandlers } from '../../original-api/internal/internal-handlers.ts';
import type { ThingStore } from '../../original-api/store/thing-store.ts';
import type { OriginalClient } from '../../shared/contracts/original-client.ts';
import type { FaultRates } from './fault-rates.ts';
import type { Machine } from './machine.ts';
import type { Random } from './random.ts';

export interface FaultyCallsParts {
  readonly machine: Machine;
  readonly random: Random;
  readonly rates: FaultRates;
  readonly onFault: (what: string) => void;
}

const CALL_TIMEOUT_MS = 500;

type Call = <T>(work: () => Promise<T>) => Promise<T>;

/** `work` is done on the other side, whatever becomes of who asked for it. */
const faultyCall =
  ({ machine, random, rates, onFault }: FaultyCallsParts): Call =>
  async (work) => {
    await machine.delivered(undefined);
    if (random.chance(rates.callLost)) {
      onFault('a call was lost');
      await machine.time.sleep(CALL_TIMEOUT_MS);
      throw new Error('the call was lost');
    }
    const result = await work().catch((error: unknown) => error as Error);
    if (random.chance(rates.answerLost)) {
      onFault('the answer to a call was lost');
      await machine.time.sleep(CALL_TIMEOUT_MS);
      throw new Error('the answer was lost');
    }
    const delivered = await machine.delivered(result);
    if (delivered instanceof Error) throw delivered;
    return delivered;
  };

/** The store as one process of the Original API sees it: each call is one transaction. */
export const faultyThings = (things: ThingStore, parts: FaultyCallsParts): ThingStore => {
  const call = faultyCall(parts);
  const { machine, random, rates, onFault } = parts;
  return {
    decide: (request) => call(() => things.decide(request)),
    thing: (id) => call(() => things.thing(id)),
    thingWithMaster: (id, partition) => call(() => things.thingWithMaster(id, partition)),
    things: (after, limit) => call(() => things.things(after, limit)),
    mastership: (partition) => call(() => things.mastership(partition)),
    fence: (partition, epoch) => call(() => things.fence(partition, epoch)),
    abortSwitch: (partition, epoch, reason) => call(() => things.abortSwitch(partition, epoch, reason)),
    readOutbox: (limit) => call(() => things.readOutbox(limit)),
    removeFromOutbox: async (entries) => {
      // What was published and not removed is published again.
      if (entries.length > 0 && random.chance(rates.relayTwice)) {
        onFault('the relay published entries twice');
        throw new Error('the entries could not be removed');
      }
      await call(() => things.removeFromOutbox(entries));
    },
    outboxMark: () => call(() => things.outboxMark()),
    outboxPassed: (mark) => call(() => things.outboxPassed(mark)),
    outboxSize: (limit) => call(() => things.outboxSize(limit)),
    onOutbox: (wake) => things.onOutbox((isUrgent) => void machine.later(0, () => wake(isUrgent))),
    missing: (versions) => call(() => things.missing(versions)),
    onSession: (verify) => things.onSession(verify),
    partitionFacts: () => call(() => things.partitionFacts()),
    oldestTransaction: async () => undefined,
    mirrorCheckpoints: () => call(() => things.mirrorCheckpoints()),
    applyMirror: (...args) => call(() => things.applyMirror(...args)),
    close: async () => undefined,
  };
};

/** Original as another machine reaches it: through whichever of its processes answers; undefined when none does. */
export const faultyClient = (
  pick: () => InternalHandlers | undefined,
  parts: FaultyCallsParts,
): OriginalClient => {
  const call = faultyCall(parts);
  const { time } = parts.machine;
  /** A process that died or was paused in the middle never answers. */
  const ask = async <T>(work: (calls: InternalHandlers) => Promise<T>, waitMs = 0): Promise<T> => {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const cancel = time.after(waitMs + 4 * CALL_TIMEOUT_MS, () => reject(new Error('no answer in time')));
    const answer = call(() => {
      const calls = pick();
      return calls === undefined ? Promise.reject(new Error('connection refused')) : work(calls);
    });
    answer.catch(() => undefined);
    return Promise.race([answer, late]).finally(cancel);
  };
  return {
    decide: (...args) => ask((calls) => calls.decide(...args)),
    thing: (id) => ask((calls) => calls.thing(id)),
    feedEnds: (waitMs) => ask((calls) => calls.feedEnds(waitMs), waitMs),
    mastership: (partition, past, waitMs = 0) =>
      ask((calls) => calls.mastership(partition, past, waitMs), waitMs),
    fence: (partition, epoch) => ask((calls) => calls.fence(partition, epoch)),
    abortSwitch: (partition, epoch, reason) => ask((calls) => calls.abortSwitch(partition, epoch, reason)),
    close: async () => undefined,
  };
};
