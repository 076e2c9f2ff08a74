/** How a switch looks over HTTP (shared/contracts/switches.ts). */
import type { SwitchJson } from '../../shared/contracts/switches.ts';
import type { SwitchResult } from '../../shared/domain/switch-result.ts';
import { isoTime } from '../../shared/process/iso-time.ts';
import { pauseMs, type JournalEntry } from './switch-journal.ts';

export interface KnownSwitch {
  readonly partition: number;
  readonly entry: JournalEntry | undefined;
  readonly result: SwitchResult | undefined;
}

export const switchJson = (id: string, known: readonly KnownSwitch[]): SwitchJson => {
  const entry = known.find((one) => one.entry !== undefined)?.entry;
  return {
    id,
    ...(entry === undefined
      ? {}
      : { to: entry.to, requested_on: isoTime(entry.requestedOn), deadline: isoTime(entry.deadline) }),
    partitions: known.map(partitionJson),
  };
};

const partitionJson = ({ partition, entry, result }: KnownSwitch): SwitchJson['partitions'][number] => {
  const pause = entry === undefined ? null : pauseMs(entry);
  const decidedOn = result?.decidedOn ?? null;
  return {
    partition,
    result: result?.result ?? ('pending' as const),
    ...(result === undefined ? {} : { epoch: result.epoch }),
    ...(result?.reason == null ? {} : { reason: result.reason }),
    ...(pause === null ? {} : { pause_ms: pause }),
    ...(entry?.waited == null ? {} : { waited: entry.waited }),
    steps: {
      ...stepTime('begun_on', entry?.begunOn ?? null),
      ...stepTime('fenced_on', entry?.fencedOn ?? null),
      ...stepTime('released_on', entry?.releasedOn ?? null),
      ...stepTime('decided_on', decidedOn),
    },
  };
};

const stepTime = (name: string, value: number | null): Record<string, string> =>
  value === null ? {} : { [name]: isoTime(value) };
