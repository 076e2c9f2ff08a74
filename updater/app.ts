/** The updater, built from parts that are given to it: it follows the outcomes, decides commands, passes on the feed. */
import type { FastifyInstance } from 'fastify';
import type { RecordCodec } from '../shared/codec/record-codec.ts';
import type { Command } from '../shared/domain/command.ts';
import type { Genesis, OriginalEntry } from '../shared/domain/outcome.ts';
import type { OriginalClient } from '../shared/http/original-client.ts';
import { createServer } from '../shared/http/server.ts';
import type { EventLog, LogRecord } from '../shared/log/event-log.ts';
import { topicName } from '../shared/log/topics.ts';
import type { Lifecycle } from '../shared/process/lifecycle.ts';
import type { Logger } from '../shared/process/logger.ts';
import type { Metrics } from '../shared/process/metrics.ts';
import type { FoldStore } from '../shared/store/fold-store.ts';
import { createOutcomeFollower } from '../shared/store/outcome-follower.ts';
import { startCommandLoop, type CommandLoop } from './command-loop.ts';
import { startFeedLoop, type FeedLoop } from './feed-loop.ts';
import { createOutcomeWriter } from './outcome-writer.ts';
import { createSpeculation } from './speculation.ts';
import { startThingsPublisher, type ThingsPublisher } from './things-publisher.ts';

export interface UpdaterAppParts {
  readonly namespace: string;
  readonly version: string;
  readonly genesis: Genesis;
  readonly store: FoldStore;
  readonly log: EventLog;
  readonly codec: RecordCodec;
  readonly original: OriginalClient;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Milliseconds, monotonic. */
  readonly monotonic: () => number;
}

/** How long the start waits for the fold to catch up, at most; then the start is given up. */
const CATCH_UP_MAX_MS = 3_600_000;

export const createUpdaterApp = async (
  parts: UpdaterAppParts,
  lifecycle: Lifecycle,
): Promise<FastifyInstance> => {
  const { namespace, genesis, store, log, codec, logger, metrics } = parts;
  const topic = topicName(namespace, 'things.outcomes');
  let phase: 'catching up' | 'starting' | 'ready' = 'catching up';

  const app = await createServer({
    title: 'Updater',
    description: 'Decides commands.',
    version: parts.version,
    logger,
    metrics,
    inFlightMax: 100,
    notReady: () => (phase === 'ready' ? undefined : phase),
  });

  let loops: Loops | undefined;
  let publisher: ThingsPublisher | undefined;
  const ends = await log.endOffsets(topic);
  const follower = createOutcomeFollower({
    topic,
    store,
    codec,
    ends,
    logger,
    monotonic: parts.monotonic,
    onFolded: (partition, record, counted) => {
      loops?.commands[partition]!.read(record, counted);
      loops?.feeds[partition]!.read(record, counted);
      if (counted?.state != null) publisher?.changed(counted.state.id);
    },
  });
  const outcomes = await log.tail(follower.positions, (_topic, partition, records) =>
    follower.onRecords(partition, records),
  );
  lifecycle.onClose('reader of the outcomes', () => outcomes.stop());
  lifecycle.failWith('reading the outcomes', outcomes.failed);

  // The HTTP server answers "not ready" meanwhile, so the start goes on behind it.
  const goOn = async (): Promise<void> => {
    await Promise.all(ends.map((end, partition) => follower.progress.until(partition, end, CATCH_UP_MAX_MS)));
    phase = 'starting';
    loops = startLoops(parts, topic, follower.progress, lifecycle);
    await tailIntoLoops(parts, loops, lifecycle);
    const { commands } = loops;
    publisher = await startThingsPublisher({
      topic: topicName(namespace, 'things'),
      genesis,
      store,
      log,
      codec,
      logger,
      standsBy: (partition) => commands[partition]!.standsBy(),
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
  lifecycle.onClose('HTTP server', () => app.close());
  return app;
};

interface Loops {
  readonly commands: readonly CommandLoop[];
  readonly feeds: readonly FeedLoop[];
}

const startLoops = (
  { genesis, store, log, codec, original, logger, metrics, clock, monotonic }: UpdaterAppParts,
  topic: string,
  progress: ReturnType<typeof createOutcomeFollower>['progress'],
  lifecycle: Lifecycle,
): Loops => {
  const decided = metrics.counter('commands_decided_total', 'Decisions that this updater wrote', [
    'owner',
    'code',
  ]);
  let stopped = false;
  const partitions = Array.from({ length: genesis.partitions }, (_, partition) => partition);
  const perPartition = partitions.map((partition) => {
    const state = store.state(partition);
    const writer = createOutcomeWriter({
      topic,
      partition,
      log,
      codec,
      progress,
      logger,
      clock,
      stopped: () => stopped,
    });
    const command = startCommandLoop({
      partition,
      speculation: createSpeculation(state),
      writer,
      original,
      logger,
      monotonic,
      onDecided: ({ answer }) => decided.inc({ owner: state.header.owner, code: answer.code }),
    });
    const feed = startFeedLoop({ partition, state, writer, progress, logger, monotonic });
    lifecycle.failWith(`deciding in partition ${partition}`, command.failed);
    lifecycle.failWith(`the feed of partition ${partition}`, feed.failed);
    return { command, feed };
  });
  const commands = perPartition.map(({ command }) => command);
  const feeds = perPartition.map(({ feed }) => feed);
  metrics.gauge('commands_waiting', 'Commands that were read and are not decided', ['partition'], (gauge) =>
    commands.forEach((loop, partition) => gauge.set({ partition: String(partition) }, loop.waiting())),
  );
  metrics.gauge(
    'feed_entries_waiting',
    "Entries of Original's feed that are not in the outcomes",
    ['partition'],
    (gauge) =>
      feeds.forEach((loop, partition) => gauge.set({ partition: String(partition) }, loop.waiting())),
  );
  lifecycle.onClose('loops', async () => {
    stopped = true;
    await Promise.all([...commands, ...feeds].map((loop) => loop.stop()));
  });
  return { commands, feeds };
};

/** Reads commands and feed behind what the fold has decided and observed. */
const tailIntoLoops = async (
  { namespace, genesis, store, log, codec }: UpdaterAppParts,
  { commands, feeds }: Loops,
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
  const tail = await log.tail(positions, async (topic, partition, records: LogRecord[]) => {
    const decoded = await codec.decode(records.map(({ value }) => value));
    const at = (index: number): number => records[index]!.offset;
    if (topic === commandTopic) {
      await commands[partition]!.offer(
        decoded.map((command, index) => ({ offset: at(index), command: command as Command })),
      );
    } else {
      await feeds[partition]!.offer(
        decoded.map((entry, index) => ({ offset: at(index), entry: entry as OriginalEntry })),
      );
    }
  });
  lifecycle.onClose('reader of commands and feed', () => tail.stop());
  lifecycle.failWith('reading commands and feed', tail.failed);
};
