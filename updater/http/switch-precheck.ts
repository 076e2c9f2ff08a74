/**
 * A dry run of a switch: everything that would refuse or delay it, by the rules that the switch itself goes by
 * (switch-decision.ts), the lag of each part, and a forecast of the pause. Changes nothing.
 */
import type { PartitionPrecheck } from '../../shared/contracts/switches.ts';
import type { SwitchCommand } from '../../shared/domain/command.ts';
import type { Api } from '../../shared/domain/thing.ts';
import type { OriginalClient } from '../../shared/contracts/original-client.ts';
import type { EventLog } from '../../shared/log/event-log.ts';
import type { Logger } from '../../shared/process/logger.ts';
import { percentile } from '../../shared/process/percentile.ts';
import type { Time } from '../../shared/process/time.ts';
import type { FoldStore } from '../../shared/replica/fold-store.ts';
import type { UpdaterService } from '../partition/service.ts';
import type { SwitchJournal } from '../switch/switch-journal.ts';
import { askFeedEnds, relayBlockedBy, type FeedEnds } from '../switch/relay-lag.ts';
import { switchBlockers, type SwitchFacts } from '../switch/switch-decision.ts';

export interface PrecheckParts {
  /** `<ns>.things.outcomes` */
  readonly outcomesTopic: string;
  readonly store: FoldStore;
  readonly log: EventLog;
  readonly original: OriginalClient;
  readonly service: UpdaterService;
  readonly logger: Logger;
  readonly time: Time;
}

export interface PrecheckAsked {
  readonly to: Api;
  readonly partitions: readonly number[];
  readonly expectedEpochs: Readonly<Record<string, number>>;
  readonly allowLoss: boolean;
}

const LOSSY_LISTED_MAX = 10;
/** How long the relay may take to publish what is in the outbox. */
const RELAY_WAIT_MS = 1_000;
/** Without a switch to go by: log hops (command to outcome, released or fence, switched) and calls of Original. */
const LOG_HOPS = 5;
const ORIGINAL_CALLS = 3;
/** How fast what is behind gets through; a careful guess, records per second. */
const CATCH_UP_PER_SECOND = 2_000;

export const precheckSwitch = async (
  parts: PrecheckParts,
  asked: PrecheckAsked,
): Promise<PartitionPrecheck[]> => {
  const { log, original, outcomesTopic, time } = parts;
  // One question for all partitions, while their rows are asked for.
  const feedEnds = asked.to === 'shiny' ? askFeedEnds(original, RELAY_WAIT_MS) : undefined;
  const began = time.monotonic();
  const ends = await log.endOffsets(outcomesTopic);
  const hopMs = time.monotonic() - began;
  return Promise.all(
    asked.partitions.map((partition) =>
      precheck(parts, asked, { partition, end: ends[partition]!, hopMs, feedEnds }),
    ),
  );
};

interface PartitionFacts {
  readonly partition: number;
  /** Of the outcomes. */
  readonly end: number;
  /** How long a request to the log takes. */
  readonly hopMs: number;
  readonly feedEnds: Promise<FeedEnds> | undefined;
}

const precheck = async (
  { store, original, service, logger, time }: PrecheckParts,
  asked: PrecheckAsked,
  { partition, end, hopMs, feedEnds }: PartitionFacts,
): Promise<PartitionPrecheck> => {
  const { to } = asked;
  const loops = service.loops()![partition]!;
  const isSwitching = (): boolean => service.journal.open(partition) !== undefined;
  const wasSwitching = isSwitching();
  const began = time.monotonic();
  const row = await original.mastership(partition).catch((error: unknown) => {
    logger.debug({ err: error, partition }, 'Original does not answer a dry run');
    return undefined;
  });
  const callMs = time.monotonic() - began;
  const published = row === undefined ? undefined : await feedEnds;
  const state = store.state(partition);
  const { header } = state;
  const next = service.progress.next(partition);
  const facts: SwitchFacts = {
    header,
    lossy: state.lossy,
    switches: state.switches,
    row,
    nextOutcome: next,
    relayBlockedBy: published === undefined ? undefined : relayBlockedBy(published, header, row),
    now: time.now(),
  };
  const command = dryCommand(asked, asked.expectedEpochs[partition] ?? header.epoch, time.now());
  // While a switch is under way the row is ahead of the log.
  const isOpen = wasSwitching || isSwitching();
  const blockers = switchBlockers(facts, command).filter(
    (blocker) => !(isOpen && blocker.kind === 'wait' && blocker.for === 'row'),
  );
  const problems = blockers.map(({ reason }) => reason);
  let would: PartitionPrecheck['would'] = 'switch';
  if (blockers.length > 0) would = blockers[0]!.kind === 'skip' ? 'skipped' : 'refuse';
  const status = service.statuses()[partition]!;
  if (status.state === 'stuck' || status.state === 'diverged') {
    if (would === 'switch') would = 'refuse';
    problems.push(`the partition is ${status.state}: ${status.reason}`);
  }
  // The relay does not depend on it: it only goes another way.
  if (row?.oldestTransaction !== undefined) problems.push(`note: ${row.oldestTransaction}`);

  const lag = {
    relay: (row?.unpublished ?? 0) + loops.feed.waiting(),
    mirror: row === undefined ? 0 : Math.max(0, next - row.mirrorNext),
    view: Math.max(0, end - next),
    commands: loops.command.waiting(),
  };
  const usual = usualPause(service.journal.pauses(to)) ?? LOG_HOPS * hopMs + ORIGINAL_CALLS * callMs;
  const behind = lag.view + lag.commands + (to === 'shiny' ? lag.relay : lag.mirror);
  return {
    partition,
    would,
    problems,
    epoch: header.epoch,
    lag,
    lossy: {
      count: state.lossy.size,
      first: [...state.lossy].slice(0, LOSSY_LISTED_MAX).map(String),
    },
    forecast_pause_ms: Math.ceil(usual + (1_000 * behind) / CATCH_UP_PER_SECOND),
  };
};

/** The switch that is asked about, as it would lie in the log. */
const dryCommand = ({ to, allowLoss }: PrecheckAsked, expectedEpoch: number, now: number): SwitchCommand => ({
  type: 'switch',
  commandId: '',
  requestedOn: now,
  payloadHash: '',
  to,
  expectedEpoch,
  deadline: now + RELAY_WAIT_MS,
  allowLoss,
});

const usualPause = (pauses: ReturnType<SwitchJournal['pauses']>): number | undefined =>
  pauses.length === 0
    ? undefined
    : percentile(
        pauses.toSorted((a, b) => a - b),
        0.5,
      );
