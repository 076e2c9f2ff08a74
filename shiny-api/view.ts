/**
 * Shiny's materialised view: the fold on disk, the index of commands beside it, and ready JSON of hot Things on top. Plain reads
 * are local and synchronous.
 */
import { LRUCache } from 'lru-cache';
import type { RecordCodec } from '../shared/records/record-codec.ts';
import type { OutcomeWaiter } from '../shared/commands/outcome-waiter.ts';
import { shinyJson } from '../shared/domain/shiny-json.ts';
import type { Genesis } from '../shared/domain/outcome.ts';
import type { ThingView } from '../shared/things-api/things-backend.ts';
import type { EventLog } from '../shared/log/event-log.ts';
import { topicName } from '../shared/records/topics.ts';
import type { Logger } from '../shared/process/logger.ts';
import { createProgress, type Progress } from '../shared/process/progress.ts';
import type { Time } from '../shared/process/time.ts';
import type { FoldStore } from '../shared/replica/fold-store.ts';
import { createOutcomeFollower } from '../shared/replica/outcome-follower.ts';
import { readLivingThings } from './living-things.ts';
import { createCommandIndex, type CommandIndex } from './command-index.ts';

export interface ViewParts {
  readonly namespace: string;
  readonly genesis: Genesis;
  readonly store: FoldStore;
  readonly log: EventLog;
  readonly codec: RecordCodec;
  readonly waiter: OutcomeWaiter;
  readonly logger: Logger;
  readonly time: Time;
  /** Features of this release, else for tests and the simulator. */
  readonly knownFeatures?: readonly string[] | undefined;
  /** Things whose JSON is kept ready, those read last; 0: none. */
  readonly readyJsonMax: number;
}

export interface View {
  readonly store: FoldStore;
  readonly commands: CommandIndex;
  /** How far the outcomes are folded. */
  readonly progress: Progress;
  /** How far Original's feed is observed. */
  readonly feedProgress: Progress;
  /** A Thing that is not deleted. */
  thing(id: number): ThingView | undefined;
  /** The same, if its JSON is kept ready. */
  readyThing(id: number): ThingView | undefined;
  /** Things that are not deleted, with an id above `after`, in id order. */
  things(after: number, limit: number): { id: number; json: string }[];
  /** Partitions, of outcomes and commands, that have not reached the end noted at start. */
  behind(): number;
  readonly failed: Promise<never>;
  /** Why the log cannot be read at present. */
  trouble(): string | undefined;
  stop(): Promise<void>;
}

export const startView = async (parts: ViewParts): Promise<View> => {
  const { namespace, genesis, store, log, codec, waiter, logger, time } = parts;
  const { readyJsonMax: max } = parts;
  const ready = max === 0 ? undefined : new LRUCache<number, ThingView>({ max });
  const topic = topicName(namespace, 'things.outcomes');
  const commandTopic = topicName(namespace, 'things.commands');
  const [ends, commandEnds] = await Promise.all([log.endOffsets(topic), log.endOffsets(commandTopic)]);

  const feedProgress = createProgress(
    ends.map((_, partition) => store.state(partition).header.feedPosition + 1),
    time,
  );
  // Before the first record is folded.
  const living = await readLivingThings(store);
  const follower = createOutcomeFollower({
    topic,
    store,
    codec,
    ends,
    logger,
    time,
    knownFeatures: parts.knownFeatures,
    onFolded: (partition, { outcome }, counted) => {
      if (counted === undefined) return;
      feedProgress.reached(partition, counted.header.feedPosition + 1);
      if (counted.state !== null) {
        ready?.delete(counted.state.id);
        living.changed(counted.state.id);
      }
      for (const { id } of counted.mapped) ready?.delete(id);
      if (outcome.type !== 'decided') return;
      waiter.decided(partition, outcome.offset, { answer: outcome.answer, state: outcome.state });
    },
  });
  const commands = createCommandIndex(commandTopic, genesis.partitions, store, codec, time);
  const tail = await log.tail([...follower.positions, ...commands.positions], (read, ...rest) =>
    read === topic ? follower.onRecords(...rest) : commands.onRecords(...rest),
  );

  return {
    store,
    commands,
    progress: follower.progress,
    feedProgress,
    thing: (id) => {
      const known = ready?.get(id);
      if (known !== undefined) return known;
      const thing = store.thing(id);
      if (thing === undefined || thing.deleted) return undefined;
      const view = { version: thing.version, json: shinyJson(thing) };
      ready?.set(id, view);
      return view;
    },
    readyThing: (id) => ready?.get(id),
    things: living.rows,
    behind: () =>
      follower.behind() +
      commandEnds.filter((end, partition) => commands.progress.next(partition) < end).length,
    failed: tail.failed,
    trouble: () => tail.trouble?.(),
    stop: () => tail.stop(),
  };
};
