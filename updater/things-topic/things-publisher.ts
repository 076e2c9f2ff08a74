/**
 * Publishes the latest state of each Thing on `<ns>.things`, for other consumers. The topic is compacted, and compaction
 * keeps the last offset, not the highest version: a late send of an old state would stand for ever. So the topic is read
 * back, and whatever it shows older than the fold is sent again (P15). Consumers ignore lower versions.
 *
 * Nothing about this topic stops the updater: it may be away, hold what is not ours, or refuse a state.
 */
import type { RecordCodec } from '../../shared/records/record-codec.ts';
import type { Genesis } from '../../shared/domain/outcome.ts';
import { isLossy } from '../../shared/domain/mapping.ts';
import { partitionOfThing } from '../../shared/domain/partition.ts';
import type { Thing } from '../../shared/domain/thing.ts';
import { AppendRefusedError, type EventLog } from '../../shared/log/event-log.ts';
import type { Logger } from '../../shared/process/logger.ts';
import type { Metrics } from '../../shared/process/metrics.ts';
import { createTrouble } from '../../shared/process/trouble.ts';
import type { FoldStore } from '../../shared/replica/fold-store.ts';
import type { Time } from '../../shared/process/time.ts';
import { createWakeup } from '../../shared/process/wakeup.ts';
import { openThingsTopic } from './things-topic.ts';

export interface ThingsPublisherParts {
  /** `<ns>.things`. */
  readonly topic: string;
  readonly genesis: Genesis;
  readonly store: FoldStore;
  readonly log: EventLog;
  readonly codec: RecordCodec;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly time: Time;
  /** Another updater is active in the partition: give it time to publish first. */
  readonly standsBy: (partition: number) => boolean;
}

export interface ThingsPublisher {
  /** The fold has a newer state of this Thing. */
  changed(id: number): void;
  /** Rejects when the publisher itself is at fault. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

const BATCH_MAX_THINGS = 500;
/** Changes are collected for so long: nobody waits for this topic, and of one Thing only the last state matters. */
const COLLECT_MS = 100;
const STANDBY_MS = 1_000;
const RETRY_MS = 1_000;
/** A refusal that is not the fault of the state, such as a missing right. */
const REFUSED_AGAIN_MS = 60_000;

export const startThingsPublisher = (parts: ThingsPublisherParts): ThingsPublisher => {
  const { genesis, store, codec, time, standsBy } = parts;
  /** What the topic shows, as far as it was read, by Thing. */
  const shown = new Map<number, Shown>();
  const due = new Set<number>();
  const watched = new Set<number>();
  const wakeup = createWakeup(time);
  let stopped = false;
  const publish = statesPublisher(parts, () => stopped);

  const consider = (id: number): void => {
    const thing = store.thing(id);
    if (thing !== undefined && isBehind(shown.get(id), thing)) {
      due.add(id);
      wakeup.raise();
    }
  };
  const changed = (id: number): void => {
    if (standsBy(partitionOfThing(id, genesis.partitions))) watch(id);
    else consider(id);
  };
  /** Gives the active updater STANDBY_MS to publish this state or a later one; if it does not, we publish. */
  const watch = (id: number): void => {
    const thing = store.thing(id);
    if (thing === undefined || watched.has(id)) return;
    watched.add(id);
    time.after(STANDBY_MS, () => {
      watched.delete(id);
      if (stopped) return;
      if (isBehind(shown.get(id), thing)) consider(id);
      else if (isBehind(shown.get(id), store.thing(id)!)) watch(id);
    });
  };
  const things = openThingsTopic({
    ...parts,
    partitions: genesis.partitions,
    onBegin: () => {
      shown.clear();
      publish.beginAnew();
    },
    onThing: ({ id, version, foo }) => {
      shown.set(id, { version, foo });
      changed(id);
    },
    onSpoilt: (id, value) => {
      const thing = store.thing(id);
      // Our own record: only the registry could decode it, and the registry does not answer now.
      if (thing === undefined || value.equals(codec.encode({ type: 'thing', ...thing }))) return;
      shown.delete(id);
      changed(id);
    },
    onCaughtUp: () => {
      for (const { id } of store.thingsAfter(0)) consider(id);
    },
  });
  const run = async (): Promise<void> => {
    while (!stopped) {
      const batch = things.isOpen() ? [...due].slice(0, BATCH_MAX_THINGS) : [];
      for (const id of batch) due.delete(id);
      const states = batch.map((id) => store.thing(id)).filter((thing) => thing !== undefined);
      const behind = states.filter((thing) => isBehind(shown.get(thing.id), thing));
      const { again, later } = await publish.states(behind);
      for (const id of again) due.add(id);
      for (const id of later) time.after(REFUSED_AGAIN_MS, () => consider(id));
      if (again.length > 0) await time.sleep(RETRY_MS);
      if (due.size >= BATCH_MAX_THINGS && things.isOpen()) continue;
      if (due.size === 0) await wakeup.wait();
      if (!stopped) await time.sleep(COLLECT_MS);
    }
  };

  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  things.failed.catch(fail);
  const running = run().catch(fail);
  return {
    changed,
    failed,
    stop: async () => {
      stopped = true;
      wakeup.raise();
      await running;
      await things.stop();
    },
  };
};

interface Unpublished {
  /** Ids to publish again soon. */
  readonly again: number[];
  /** Ids that were refused, but perhaps not for ever. */
  readonly later: number[];
}

/** Publishes states. A state that was refused because of its size is not sent again. */
const statesPublisher = (
  { topic, genesis, log, codec, logger, metrics, time }: ThingsPublisherParts,
  stopped: () => boolean,
): { states(things: readonly Thing[]): Promise<Unpublished>; beginAnew(): void } => {
  const refusals = metrics.counter(
    'things_refused_total',
    'States of Things that the broker refused to take on the topic of the latest states',
    ['error'],
  );
  /** Versions by Thing. */
  const refused = new Map<number, number>();
  const trouble = createTrouble(logger, 'the latest states cannot be published', time.monotonic);
  const refusal = createTrouble(logger, 'the latest state of a Thing is refused', time.monotonic);

  const append = (thing: Thing): Promise<number> =>
    log.append(topic, {
      partition: partitionOfThing(thing.id, genesis.partitions),
      key: String(thing.id),
      value: codec.encode({ type: 'thing', ...thing }),
      timestamp: time.now(),
    });

  return {
    states: async (things) => {
      const [again, later]: [number[], number[]] = [[], []];
      const wanted = things.filter(({ id, version }) => refused.get(id) !== version);
      if (wanted.length === 0) return { again, later };
      const results = await Promise.allSettled(wanted.map(append));
      let fault: unknown;
      for (const [index, result] of results.entries()) {
        if (result.status === 'fulfilled') continue;
        const { id, version } = wanted[index]!;
        const error: unknown = result.reason;
        if (error instanceof AppendRefusedError) {
          refusals.inc({ error: error.broker });
          refusal.met(error, { thing: id, version });
          if (error.isTooLarge) refused.set(id, version);
          else later.push(id);
        } else {
          fault = error;
          again.push(id);
        }
      }
      if (fault === undefined) trouble.over();
      else if (!stopped()) trouble.met(fault, { things: again.length });
      return { again, later };
    },
    beginAnew: () => refused.clear(),
  };
};

type Shown = Pick<Thing, 'version' | 'foo'>;

/** A switch to Original may have rounded `foo` without a new version. */
const isBehind = (shown: Shown | undefined, thing: Thing): boolean =>
  shown === undefined ||
  shown.version < thing.version ||
  (shown.version === thing.version && shown.foo !== thing.foo && !isLossy(thing));
