/**
 * The updater without HTTP: it follows the outcomes, and per partition decides commands, carries switches through and
 * passes on Original's feed.
 */
import type { UnreadableRecord } from '../../shared/records/record-codec.ts';
import { readRecords } from '../../shared/records/record-reader.ts';
import { commandFault } from '../../shared/domain/command-check.ts';
import type { Command } from '../../shared/domain/command.ts';
import type { OriginalEntry } from '../../shared/domain/outcome.ts';
import type { LogPosition, LogRecord } from '../../shared/log/event-log.ts';
import { BATCH_LINGER_MS, STANDBY_LINGER_MS, type Linger } from '../../shared/log/linger.ts';
import { topicName } from '../../shared/records/topics.ts';
import type { Lifecycle } from '../../shared/process/lifecycle.ts';
import type { Metrics } from '../../shared/process/metrics.ts';
import type { Progress } from '../../shared/process/progress.ts';
import type { Time } from '../../shared/process/time.ts';
import { createOutcomeFollower } from '../../shared/replica/outcome-follower.ts';
import { createCutOffLogs, type CutOffLogs } from './cut-off-logs.ts';
import type { InvalidCommand } from './command-queue.ts';
import { withOwnDeadline } from '../switch/switch-decision.ts';
import type { UpdaterServiceParts } from './service-parts.ts';
import { PARTITION_STATES } from '../../shared/contracts/switches.ts';
import { partitionStatus, type PartitionStatus } from './partition-status.ts';
import { startPartitionLoops, type PartitionLoops } from './partition-loops.ts';
import { createSwitchJournal, type SwitchJournal } from '../switch/switch-journal.ts';
import { observeSwitches } from '../switch/switch-metrics.ts';
import { startThingsPublisher, type ThingsPublisher } from '../things-topic/things-publisher.ts';

export interface UpdaterService {
  /** How far the outcomes are folded. */
  readonly progress: Progress;
  readonly journal: SwitchJournal;
  /** Undefined until the fold has caught up. */
  loops(): readonly PartitionLoops[] | undefined;
  /** By partition; empty until the fold has caught up. */
  statuses(): readonly PartitionStatus[];
  /** What it still waits for, until it decides commands. */
  starting(): string | undefined;
  /** The same, or why no partition goes on. */
  notReady(): string | undefined;
}

/** How long the start waits for the fold to catch up, at most; then the start is given up. */
const CATCH_UP_MAX_MS = 3_600_000;

/** Resolves when it follows the outcomes; it decides as soon as it has caught up. */
export const startUpdaterService = async (
  parts: UpdaterServiceParts,
  lifecycle: Lifecycle,
): Promise<UpdaterService> => {
  const { namespace, genesis, store, log, codec, logger, metrics, time } = parts;
  const topic = topicName(namespace, 'things.outcomes');
  let phase: 'catching up' | 'starting' | 'ready' = 'catching up';
  let loops: readonly PartitionLoops[] | undefined;
  let publisher: ThingsPublisher | undefined;
  const switches = observeSwitches(logger, metrics);
  const journal = createSwitchJournal({
    store,
    partitions: genesis.partitions,
    onDecided: switches.decided,
    time,
  });

  const ends = await log.endOffsets(topic);
  const follower = createOutcomeFollower({
    topic,
    store,
    codec,
    ends,
    logger,
    time,
    knownFeatures: parts.knownFeatures,
    onFolded: (partition, record, counted) => {
      journal.outcomeRead(partition, record, counted);
      loops?.[partition]!.command.read(record, counted);
      loops?.[partition]!.feed.read(record, counted);
      if (counted?.state != null) publisher?.changed(counted.state.id);
      for (const { id } of counted?.mapped ?? []) publisher?.changed(id);
    },
  });
  const linger = lingerOf(() => loops);
  const outcomes = await log.tail(
    follower.positions,
    (_topic, partition, records, next) => follower.onRecords(partition, records, next),
    linger,
  );
  lifecycle.onClose('reader of the outcomes', () => outcomes.stop());
  lifecycle.failWith('reading the outcomes', outcomes.failed);

  const cutOff = createCutOffLogs(parts);
  const statuses = (): readonly PartitionStatus[] =>
    (loops ?? []).map(
      (one, partition) => cutOff.status(partition) ?? partitionStatus(partition, one, journal, time),
    );
  observeStatuses(metrics, statuses, time);

  const goOn = async (): Promise<void> => {
    await Promise.all(ends.map((end, partition) => follower.progress.until(partition, end, CATCH_UP_MAX_MS)));
    phase = 'starting';
    const { progress } = follower;
    loops = startPartitionLoops({ ...parts, topic, progress, onSwitchStep: switches.step }, lifecycle);
    await tailIntoLoops(parts, loops, journal, cutOff, linger, lifecycle);
    publisher = startThingsPublisher({
      topic: topicName(namespace, 'things'),
      genesis,
      store,
      log,
      codec,
      logger,
      metrics,
      time,
      standsBy: (partition) => loops![partition]!.command.standsBy(),
    });
    lifecycle.onClose('publisher of the Things', publisher.stop);
    lifecycle.failWith('publishing the Things', publisher.failed);
    phase = 'ready';
    logger.info({ partitions: genesis.partitions }, 'deciding commands');
  };
  lifecycle.failWith('the start', goOn());
  return {
    progress: follower.progress,
    journal,
    loops: () => loops,
    statuses,
    starting: () => (phase === 'ready' ? undefined : phase),
    notReady: () => {
      if (phase !== 'ready') return phase;
      const trouble = outcomes.trouble?.();
      if (trouble !== undefined) return trouble;
      const reasons = new Set(
        statuses().map(({ state, reason }) => (isStanding(state) ? reason : undefined)),
      );
      return reasons.has(undefined) ? undefined : `no partition goes on: ${[...reasons].join('; ')}`;
    },
  };
};

const isStanding = (state: PartitionStatus['state']): boolean => state === 'stuck' || state === 'diverged';

const observeStatuses = (metrics: Metrics, statuses: () => readonly PartitionStatus[], time: Time): void => {
  metrics.gauge('partition_state', 'Is the partition in this state', ['partition', 'state'], (gauge) => {
    for (const [partition, { state }] of statuses().entries())
      for (const one of PARTITION_STATES)
        gauge.set({ partition: String(partition), state: one }, one === state ? 1 : 0);
  });
  metrics.gauge('command_stuck_seconds', 'How long the partition does not go on', ['partition'], (gauge) => {
    for (const [partition, { state, since }] of statuses().entries())
      gauge.set(
        { partition: String(partition) },
        isStanding(state) && since !== undefined ? Math.max(0, time.now() - since) / 1_000 : 0,
      );
  });
};

/** An updater that is active nowhere is in no hurry, and several cost little more than one. */
const lingerOf = (loopsNow: () => readonly PartitionLoops[] | undefined): Linger => {
  return () => {
    const loops = loopsNow() ?? [];
    const isPatient =
      loops.some(({ command }) => command.standsBy()) &&
      !loops.some(({ command, feed }) => command.isActive() || feed.isActive());
    return isPatient ? STANDBY_LINGER_MS : BATCH_LINGER_MS;
  };
};

const decidableOrInvalid = (
  command: Command | UnreadableRecord,
  partition: number,
  partitions: number,
): Command | InvalidCommand => {
  if (command.type === 'unreadable') return { type: 'invalid', reason: command.reason };
  const fault = commandFault(command, partition, partitions);
  return fault === undefined ? command : { type: 'invalid', reason: fault };
};

/** Reads commands and feed behind what the fold has decided and observed. */
const tailIntoLoops = async (
  { namespace, genesis, store, log, codec, time }: UpdaterServiceParts,
  loops: readonly PartitionLoops[],
  journal: SwitchJournal,
  cutOff: CutOffLogs,
  linger: Linger,
  lifecycle: Lifecycle,
): Promise<void> => {
  const commandTopic = topicName(namespace, 'things.commands');
  const commandEnds = await log.endOffsets(commandTopic);
  const positions = await cutOff.readable();

  const onCommands = async (partition: number, records: LogRecord[]) => {
    const commands = await readRecords<Command>(codec, 'things.commands', records);
    const { position } = store.state(partition).header;
    const queued = commands.map((command, index) => ({
      command: decidableOrInvalid(command, partition, genesis.partitions),
      offset: records[index]!.offset,
    }));
    const now = time.now();
    const timed = queued.map(({ command, offset }) => ({
      offset,
      command:
        command.type === 'switch' ? withOwnDeadline(command, now, offset < commandEnds[partition]!) : command,
    }));
    for (const { command, offset } of queued)
      journal.commandRead(partition, offset, command.type === 'switch' ? command : undefined, position);
    return loops[partition]!.command.offer(timed);
  };
  const onEntries = async (partition: number, records: LogRecord[]) => {
    const entries = await readRecords<OriginalEntry>(codec, 'things.original', records);
    const offered = entries.map((entry, index) => ({ entry, offset: records[index]!.offset }));
    return loops[partition]!.feed.offer(offered);
  };

  const onRecords = (topic: string, partition: number, records: LogRecord[]) =>
    topic === commandTopic ? onCommands(partition, records) : onEntries(partition, records);
  const read = async (from: readonly LogPosition[]): Promise<void> => {
    const tail = await log.tail(from, onRecords, linger);
    lifecycle.onClose('reader of commands and feed', () => tail.stop());
    lifecycle.failWith('reading commands and feed', tail.failed);
  };
  await read(positions);
  lifecycle.onClose('watch over logs that were cut off', async () => cutOff.stop());
  lifecycle.failWith('watching logs that were cut off', cutOff.watch(read));
};
