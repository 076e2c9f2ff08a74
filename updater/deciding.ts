/**
 * The updater without HTTP: it follows the outcomes, and per partition decides commands, carries switches through and
 * passes on Original's feed.
 */
import type { Command } from '../shared/domain/command.ts';
import type { OriginalEntry } from '../shared/domain/outcome.ts';
import type { LogRecord } from '../shared/log/event-log.ts';
import { BREATH_MS, PATIENT_BREATH_MS, type Breath } from '../shared/log/breath.ts';
import { topicName } from '../shared/log/topics.ts';
import type { Lifecycle } from '../shared/process/lifecycle.ts';
import type { Progress } from '../shared/process/progress.ts';
import { createOutcomeFollower } from '../shared/store/outcome-follower.ts';
import type { DecidingParts } from './deciding-parts.ts';
import { startPartitionLoops, type PartitionLoops } from './partition-loops.ts';
import { createSwitchJournal, type SwitchJournal } from './switch-journal.ts';
import { observeSwitches } from './switch-metrics.ts';
import { startThingsPublisher, type ThingsPublisher } from './things-publisher.ts';

export interface Deciding {
  /** How far the outcomes are folded. */
  readonly progress: Progress;
  readonly journal: SwitchJournal;
  /** Undefined until the fold has caught up. */
  loops(): readonly PartitionLoops[] | undefined;
  /** What it still waits for, until it decides commands. */
  notReady(): string | undefined;
}

/** How long the start waits for the fold to catch up, at most; then the start is given up. */
const CATCH_UP_MAX_MS = 3_600_000;

/** Resolves when it follows the outcomes; it decides as soon as it has caught up. */
export const startDeciding = async (parts: DecidingParts, lifecycle: Lifecycle): Promise<Deciding> => {
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
    onFolded: (partition, record, counted) => {
      journal.outcomeRead(partition, record, counted);
      loops?.[partition]!.command.read(record, counted);
      loops?.[partition]!.feed.read(record, counted);
      if (counted?.state != null) publisher?.changed(counted.state.id);
      for (const { id } of counted?.mapped ?? []) publisher?.changed(id);
    },
  });
  const breath = breathOf(() => loops);
  const outcomes = await log.tail(
    follower.positions,
    (_topic, partition, records, next) => follower.onRecords(partition, records, next),
    breath,
  );
  lifecycle.onClose('reader of the outcomes', () => outcomes.stop());
  lifecycle.failWith('reading the outcomes', outcomes.failed);

  const goOn = async (): Promise<void> => {
    await Promise.all(ends.map((end, partition) => follower.progress.until(partition, end, CATCH_UP_MAX_MS)));
    phase = 'starting';
    const { progress } = follower;
    loops = startPartitionLoops({ ...parts, topic, progress, onSwitchStep: switches.step }, lifecycle);
    await tailIntoLoops(parts, loops, journal, breath, lifecycle);
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
  lifecycle.failWith(
    'the start',
    goOn().then(() => new Promise<never>(() => undefined)),
  );
  return {
    progress: follower.progress,
    journal,
    loops: () => loops,
    notReady: () => (phase === 'ready' ? undefined : phase),
  };
};

/** An updater that lets another one lead everywhere is in no hurry, and several cost little more than one. */
const breathOf = (loopsNow: () => readonly PartitionLoops[] | undefined): Breath => {
  return () => {
    const loops = loopsNow() ?? [];
    const isPatient =
      loops.some(({ command }) => command.standsBy()) &&
      !loops.some(({ command, feed }) => command.leads() || feed.leads());
    return isPatient ? PATIENT_BREATH_MS : BREATH_MS;
  };
};

/** Reads commands and feed behind what the fold has decided and observed. */
const tailIntoLoops = async (
  { namespace, genesis, store, log, codec }: DecidingParts,
  loops: readonly PartitionLoops[],
  journal: SwitchJournal,
  breath: Breath,
  lifecycle: Lifecycle,
): Promise<void> => {
  const commandTopic = topicName(namespace, 'things.commands');
  const feedTopic = topicName(namespace, 'things.original');
  const positions = Array.from({ length: genesis.partitions }, (_, partition) => {
    const { position, feedPosition } = store.state(partition).header;
    return [
      { topic: commandTopic, partition, offset: position + 1 },
      { topic: feedTopic, partition, offset: feedPosition + 1 },
    ];
  }).flat();

  const onCommands = (partition: number, commands: readonly Command[], records: LogRecord[]) => {
    const { position } = store.state(partition).header;
    const queued = commands.map((command, index) => ({ command, offset: records[index]!.offset }));
    for (const { command, offset } of queued)
      journal.commandRead(partition, offset, command.type === 'switch' ? command : undefined, position);
    return loops[partition]!.command.offer(queued);
  };
  const onEntries = (partition: number, entries: readonly OriginalEntry[], records: LogRecord[]) =>
    loops[partition]!.feed.offer(entries.map((entry, index) => ({ entry, offset: records[index]!.offset })));

  const onRecords = async (topic: string, partition: number, read: LogRecord[]) => {
    const records = read.filter(({ isTombstone }) => isTombstone !== true);
    const decoded = await codec.decode(records.map(({ value }) => value));
    await (topic === commandTopic
      ? onCommands(partition, decoded as Command[], records)
      : onEntries(partition, decoded as OriginalEntry[], records));
  };
  const tail = await log.tail(positions, onRecords, breath);
  lifecycle.onClose('reader of commands and feed', () => tail.stop());
  lifecycle.failWith('reading commands and feed', tail.failed);
};
