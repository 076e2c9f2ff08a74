/** The two loops of each partition, with the one writer that they share. */
import type { Lifecycle } from '../../shared/process/lifecycle.ts';
import type { Progress } from '../../shared/process/progress.ts';
import { startCommandLoop, type CommandLoop } from './command-loop.ts';
import type { UpdaterServiceParts } from './service-parts.ts';
import { startFeedLoop, type FeedLoop } from './feed-loop.ts';
import { createOutcomeWriter } from '../outcomes/outcome-writer.ts';
import { createSpeculation } from '../outcomes/speculation.ts';
import type { SwitchStep } from '../switch/switch-actions.ts';

export interface PartitionLoops {
  readonly command: CommandLoop;
  readonly feed: FeedLoop;
}

export interface PartitionLoopsParts extends UpdaterServiceParts {
  /** Of the outcomes. */
  readonly topic: string;
  readonly progress: Progress;
  readonly onSwitchStep: (partition: number, step: SwitchStep) => void;
}

/** One pair per partition. */
export const startPartitionLoops = (
  parts: PartitionLoopsParts,
  lifecycle: Lifecycle,
): readonly PartitionLoops[] => {
  const { topic, genesis, store, log, codec, original, progress, logger, metrics, time } = parts;
  const decided = metrics.counter('commands_decided_total', 'Decisions that this updater wrote', [
    'master',
    'code',
  ]);
  let stopped = false;

  const startLoops = (partition: number): PartitionLoops => {
    const state = store.state(partition);
    const writer = createOutcomeWriter({
      topic,
      partition,
      log,
      codec,
      progress,
      logger,
      time,
      stopped: () => stopped,
    });
    const command = startCommandLoop({
      partition,
      state,
      speculation: createSpeculation(state),
      writer,
      original,
      progress,
      logger,
      time,
      knownFeatures: parts.knownFeatures,
      onDecided: ({ answer }) => decided.inc({ master: state.header.master, code: answer.code }),
      onSwitchStep: (step) => parts.onSwitchStep(partition, step),
    });
    const feed = startFeedLoop({ partition, state, writer, progress, logger, time });
    lifecycle.failWith(`deciding in partition ${partition}`, command.failed);
    lifecycle.failWith(`the feed of partition ${partition}`, feed.failed);
    return { command, feed };
  };

  const loops = Array.from({ length: genesis.partitions }, (_, partition) => startLoops(partition));
  metrics.gauge('commands_waiting', 'Commands that were read and are not decided', ['partition'], (gauge) =>
    loops.forEach(({ command }, partition) => gauge.set({ partition: String(partition) }, command.waiting())),
  );
  metrics.gauge(
    'feed_entries_waiting',
    "Entries of Original's feed that are not in the outcomes",
    ['partition'],
    (gauge) =>
      loops.forEach(({ feed }, partition) => gauge.set({ partition: String(partition) }, feed.waiting())),
  );
  lifecycle.onClose('loops', async () => {
    stopped = true;
    await Promise.all(loops.flatMap(({ command, feed }) => [command.stop(), feed.stop()]));
  });
  return loops;
};
