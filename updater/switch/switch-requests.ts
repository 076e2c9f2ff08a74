/** A request for a switch: one `switch` record in the command log of each partition, under one id. */
import type { RecordCodec } from '../../shared/records/record-codec.ts';
import { hashOfFields } from '../../shared/domain/command.ts';
import type { Api } from '../../shared/domain/thing.ts';
import { ApiError } from '../../shared/http/errors.ts';
import type { EventLog } from '../../shared/log/event-log.ts';
import type { Logger } from '../../shared/process/logger.ts';
import type { Time } from '../../shared/process/time.ts';
import type { FoldStore } from '../../shared/replica/fold-store.ts';
import { createCommandAppender } from './command-append.ts';
import type { SwitchJournal } from './switch-journal.ts';

export interface SwitchRequest {
  readonly id: string;
  readonly to: Api;
  /** Undefined: all that have another master. */
  readonly partitions: readonly number[] | undefined;
  /** By partition; what is not given is the present epoch. */
  readonly expectedEpochs: Readonly<Record<string, number>>;
  readonly deadlineMs: number;
  readonly allowLoss: boolean;
}

export interface SwitchRequestsParts {
  readonly namespace: string;
  readonly partitions: number;
  readonly store: FoldStore;
  readonly log: EventLog;
  readonly codec: RecordCodec;
  readonly journal: SwitchJournal;
  readonly logger: Logger;
  readonly time: Time;
}

export interface SwitchRequests {
  /** The partitions that a request without a list of them means. */
  partitionsFor(to: Api): number[];
  /** Puts the request into the log, once per id. Returns its partitions. Throws ApiError. */
  send(request: SwitchRequest): Promise<readonly number[]>;
  /** The partitions of a switch that is known. */
  partitionsOf(id: string): number[];
  /** Resolves when its records were read in every partition (true), or after `waitMs` (false). */
  read(id: string, partitions: readonly number[], waitMs: number): Promise<boolean>;
  /** Resolves when every partition has its result (true), or after `waitMs` (false). */
  decided(id: string, partitions: readonly number[], waitMs: number): Promise<boolean>;
}

export const createSwitchRequests = (parts: SwitchRequestsParts): SwitchRequests => {
  const { store, journal, time } = parts;
  const all = Array.from({ length: parts.partitions }, (_, partition) => partition);
  const isDecided = (id: string, partition: number): boolean =>
    store.state(partition).switches.get(id) !== undefined;

  const until = async (waitMs: number, isSo: () => boolean): Promise<boolean> => {
    const deadline = time.monotonic() + waitMs;
    while (!isSo()) {
      const left = deadline - time.monotonic();
      if (left <= 0) return false;
      await journal.changed(left);
    }
    return true;
  };

  const append = createCommandAppender(parts);

  const partitionsFor = (to: Api): number[] =>
    all.filter((partition) => store.state(partition).header.master !== to);

  const partitionsOf = (id: string): number[] =>
    all.filter((partition) => journal.entry(id, partition) !== undefined || isDecided(id, partition));

  return {
    partitionsFor,
    send: async (request) => {
      const { id, to, deadlineMs, allowLoss } = request;
      const payloadHash = payloadHashOf(request);
      const known = all
        .map((partition) => journal.entry(id, partition))
        .filter((entry) => entry !== undefined);
      if (known.some((entry) => entry.payloadHash !== payloadHash))
        throw new ApiError('key-reused', `the id ${id} already stands for another switch`);
      // What a first try has not put into the log is put there now; the rest is there.
      const there = partitionsOf(id);
      const asked = request.partitions ?? (there.length > 0 ? [] : partitionsFor(to));
      const partitions = asked.filter((partition) => !there.includes(partition));
      const requestedOn = time.now();
      const appends = await Promise.allSettled(
        partitions.map((partition) =>
          append(partition, {
            type: 'switch',
            commandId: id,
            requestedOn,
            payloadHash,
            to,
            expectedEpoch: request.expectedEpochs[partition] ?? store.state(partition).header.epoch,
            deadline: requestedOn + deadlineMs,
            allowLoss,
          }),
        ),
      );
      const lost = partitions.filter((_, index) => appends[index]!.status === 'rejected');
      if (lost.length > 0) throw notSent(id, lost);
      return [...there, ...partitions].toSorted((a, b) => a - b);
    },
    partitionsOf,
    read: (id, partitions, waitMs) =>
      until(waitMs, () => partitions.every((partition) => journal.entry(id, partition) !== undefined)),
    decided: (id, partitions, waitMs) =>
      until(waitMs, () => partitions.every((partition) => isDecided(id, partition))),
  };
};

export const switchPath = (id: string): string => `/api/switches/${encodeURIComponent(id)}`;

const notSent = (id: string, partitions: readonly number[]): ApiError =>
  new ApiError(
    'outcome-unknown',
    `switch ${id} may not be in the log of partitions ${partitions.join(', ')}; the same request with the Idempotency-Key ${id} and "partitions": [${partitions.join(', ')}] completes it`,
    { location: switchPath(id) },
  );

/** Without the partitions: the same switch may be asked for in more of them. */
const payloadHashOf = ({ to, expectedEpochs, deadlineMs, allowLoss }: SwitchRequest): string =>
  hashOfFields(['switch', to, expectedEpochs, deadlineMs, allowLoss]);
