/**
 * Everything that would refuse or delay a switch, looked at without changing anything: the lag of relay, mirror and view,
 * Things that Original cannot hold, Original and its database, an updater at work in each partition; and a forecast of
 * the pause.
 */
import type { Api } from '../../shared/domain/thing.ts';
import type { OriginalClient } from '../../shared/contracts/original-client.ts';
import type { EventLog } from '../../shared/log/event-log.ts';
import type { Time } from '../../shared/process/time.ts';
import type { FoldStore } from '../../shared/replica/fold-store.ts';
import type { UpdaterService } from '../partition/service.ts';
import type { SwitchJournal } from '../switch/switch-journal.ts';
import { SWITCH_LAG_MAX_RECORDS } from '../switch/switch-decision.ts';

export interface PrecheckParts {
  /** `<ns>.things.outcomes` */
  readonly outcomesTopic: string;
  readonly store: FoldStore;
  readonly log: EventLog;
  readonly original: OriginalClient;
  readonly deciding: UpdaterService;
  readonly time: Time;
}

export interface PrecheckAsked {
  readonly to: Api;
  readonly partitions: readonly number[];
  readonly expectedEpochs: Readonly<Record<string, number>>;
  readonly allowLoss: boolean;
}

export interface PartitionPrecheck {
  readonly partition: number;
  readonly would: 'switch' | 'refuse' | 'skipped';
  /** Why, and what may delay it. */
  readonly problems: string[];
  readonly epoch: number;
  /** Records that are not through yet. */
  readonly lag: {
    readonly relay: number;
    readonly mirror: number;
    readonly view: number;
    readonly commands: number;
  };
  readonly lossy: { readonly count: number; readonly first: string[] };
  readonly forecast_pause_ms: number;
}

const LOSSY_LISTED_MAX = 10;
/** Without a switch to go by: log hops (command to outcome, released or fence, switched) and calls of Original. */
const LOG_HOPS = 5;
const ORIGINAL_CALLS = 3;
/** How fast what is behind gets through; a careful guess, records per second. */
const CATCH_UP_PER_SECOND = 2_000;

export const precheckSwitch = async (
  parts: PrecheckParts,
  asked: PrecheckAsked,
): Promise<PartitionPrecheck[]> => {
  const { log, outcomesTopic, time } = parts;
  const began = time.monotonic();
  const ends = await log.endOffsets(outcomesTopic);
  const hopMs = time.monotonic() - began;
  return Promise.all(
    asked.partitions.map((partition) => precheck(parts, asked, partition, ends[partition]!, hopMs)),
  );
};

const precheck = async (
  { store, original, deciding, time }: PrecheckParts,
  { to, expectedEpochs, allowLoss }: PrecheckAsked,
  partition: number,
  end: number,
  hopMs: number,
): Promise<PartitionPrecheck> => {
  const { header, lossy } = store.state(partition);
  const { command, feed } = deciding.loops()![partition]!;
  const began = time.monotonic();
  const row = await original.mastership(partition).catch((error: unknown) => error as Error);
  const callMs = time.monotonic() - began;

  const problems: string[] = [];
  let would: PartitionPrecheck['would'] = 'switch';
  const expected = expectedEpochs[partition] ?? header.epoch;
  if (expected !== header.epoch) {
    would = 'skipped';
    problems.push(`the switch expects epoch ${expected}, the partition is at ${header.epoch}`);
  } else if (header.master === to) {
    would = 'skipped';
    problems.push(`${to} is master of the partition already`);
  }
  const next = deciding.progress.next(partition);
  const isUp = !(row instanceof Error);
  const lag = {
    relay: (isUp ? row.unpublished : 0) + feed.waiting(),
    mirror: isUp ? Math.max(0, next - row.mirrorNext) : 0,
    view: Math.max(0, end - next),
    commands: command.waiting(),
  };
  const refuse = (problem: string): void => {
    if (would === 'switch') would = 'refuse';
    problems.push(problem);
  };
  if (!isUp) refuse(`Original or its database does not answer: ${row.message}`);
  if (isUp && row.epoch !== header.epoch && deciding.journal.open(partition) === undefined)
    refuse(`Original's row is at epoch ${row.epoch}, the log at ${header.epoch}`);
  if (to === 'shiny' && lag.relay > SWITCH_LAG_MAX_RECORDS)
    refuse(`the relay is ${lag.relay} entries behind`);
  if (to === 'original' && lag.mirror > SWITCH_LAG_MAX_RECORDS)
    refuse(`the mirror is ${lag.mirror} outcomes behind`);
  const { state, reason } = deciding.statuses()[partition]!;
  if (state === 'stuck' || state === 'diverged') refuse(`the partition is ${state}: ${reason}`);
  const first = [...lossy].slice(0, LOSSY_LISTED_MAX).map(String);
  if (to === 'original' && lossy.size > 0 && !allowLoss)
    refuse(`${lossy.size} Things have a foo that Original cannot hold`);

  // The relay does not depend on it: it only goes another way.
  if (isUp && row.oldestTransaction !== undefined) problems.push(`note: ${row.oldestTransaction}`);

  const usual = median(deciding.journal.pauses(to)) ?? LOG_HOPS * hopMs + ORIGINAL_CALLS * callMs;
  const behind = lag.view + lag.commands + (to === 'shiny' ? lag.relay : lag.mirror);
  const forecast = Math.ceil(usual + (1_000 * behind) / CATCH_UP_PER_SECOND);
  return {
    partition,
    would,
    problems,
    epoch: header.epoch,
    lag,
    lossy: { count: lossy.size, first },
    forecast_pause_ms: forecast,
  };
};

const median = (values: ReturnType<SwitchJournal['pauses']>): number | undefined =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
