/**
 * The log as one machine sees it: records and answers take their time, appends may be lost, land late or twice, and their
 * answers may be lost after the effect. The order of one partition is kept as the seam promises, except for what comes
 * twice or late, which is what retries of a producer do.
 */
import {
  AppendRefusedError,
  AppendUnknownError,
  type AppendRecord,
  type EventLog,
} from '../../shared/log/event-log.ts';
import type { FaultRates } from './fault-rates.ts';
import type { Machine } from './machine.ts';
import type { Random } from './random.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface FaultyLogParts {
  readonly log: EventLog;
  readonly machine: Machine;
  readonly world: VirtualTime;
  readonly random: Random;
  readonly rates: FaultRates;
  readonly onFault: (what: string) => void;
}

/** How long a producer waits for the answer before it gives up. */
const APPEND_TIMEOUT_MS = 1_000;
const LATE_MAX_MS = 3_000;
const REFUSED_MAX_MS = 3_000;

interface Waiting {
  readonly record: AppendRecord;
  readonly resolve: (offset: number) => void;
  readonly reject: (error: Error) => void;
}

export const faultyLog = ({ log, machine, world, random, rates, onFault }: FaultyLogParts): EventLog => {
  const queues = new Map<string, Waiting[]>();
  let refusedUntil = 0;

  /** Like a producer with one request in flight per partition: a failed one fails those behind it. */
  const send = async (topic: string, queue: Waiting[]): Promise<void> => {
    const batch = [...queue];
    if (random.chance(rates.appendRefused)) {
      onFault('the broker refuses what a machine appends');
      refusedUntil = world.monotonic() + random.between(0, REFUSED_MAX_MS);
    }
    if (rates.appendRefused > 0 && world.monotonic() < refusedUntil) {
      machine.later(machine.latency(), () => {
        for (const { reject } of queue.splice(0))
          reject(new AppendRefusedError('INVALID_TIMESTAMP', 'the broker refuses the record'));
      });
      return;
    }
    const fail = (): void => {
      for (const { reject } of queue.splice(0)) reject(new AppendUnknownError('no answer'));
    };
    const landed = async (from = 0): Promise<number[]> => {
      const offsets: number[] = [];
      for (const { record } of batch.slice(from)) offsets.push(await log.append(topic, record));
      return offsets;
    };
    if (random.chance(rates.appendLost)) {
      onFault('an append was lost');
      const isLate = random.chance(0.5);
      if (isLate) {
        onFault('an append landed after it was given up');
        world.after(APPEND_TIMEOUT_MS + random.between(0, LATE_MAX_MS), () => void landed());
      }
      // The chains of the outcomes make do without order on the wire (P3, P4).
      const isOrdered = !topic.endsWith('.things.outcomes');
      if (!isLate && !isOrdered && batch.length > 1) {
        onFault('an append was lost, and those behind it landed');
        await landed(random.between(1, batch.length - 1));
      }
      machine.later(APPEND_TIMEOUT_MS, fail);
      return;
    }
    const offsets = await landed();
    if (random.chance(rates.appendTwice)) {
      onFault('an append landed twice');
      world.after(random.between(0, LATE_MAX_MS), () => void landed());
    }
    if (random.chance(rates.answerLost)) {
      onFault('the answer to an append was lost');
      machine.later(APPEND_TIMEOUT_MS, fail);
      return;
    }
    machine.later(machine.latency(), () => {
      for (const [index, { resolve }] of queue.splice(0, batch.length).entries()) resolve(offsets[index]!);
      if (queue.length > 0) world.after(machine.latency(), () => void send(topic, queue));
    });
  };

  return {
    ...log,
    append: (topic, record) =>
      new Promise((resolve, reject) => {
        const key = `${topic}/${record.partition}`;
        const queue = queues.get(key) ?? [];
        queues.set(key, queue);
        queue.push({ record, resolve, reject });
        // What is on the wire arrives, whether or not its sender lives to see it.
        if (queue.length === 1) world.after(machine.latency(), () => void send(topic, queue));
      }),
    tail: (positions, onRecords) =>
      log.tail(positions, async (topic, partition, records, next) => {
        await machine.time.sleep(records.length / rates.recordsPerMs);
        await onRecords(topic, partition, await machine.delivered(records), next);
      }),
    endOffsets: async (topic) =>
      machine.delivered(await machine.delivered(undefined).then(() => log.endOffsets(topic))),
  };
};
