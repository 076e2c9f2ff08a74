/**
 * Publishes the latest state of each Thing on `<ns>.things`, for other consumers. The topic is compacted, and compaction
 * keeps the last offset, not the highest version: a late send of an old state would stand for ever. So the topic is read
 * back, and whatever it shows older than the fold is sent again (P15). Consumers ignore lower versions.
 */
import type { RecordCodec, ThingRecord } from '../shared/codec/record-codec.ts';
import type { Genesis } from '../shared/domain/outcome.ts';
import { isLossy } from '../shared/domain/mapping.ts';
import { partitionOfThing } from '../shared/domain/partition.ts';
import type { Thing } from '../shared/domain/thing.ts';
import { PATIENT_BREATH_MS } from '../shared/log/breath.ts';
import type { EventLog, LogRecord } from '../shared/log/event-log.ts';
import type { Logger } from '../shared/process/logger.ts';
import type { FoldStore } from '../shared/store/fold-store.ts';
import type { Time } from '../shared/process/time.ts';
import { createSignal } from './signal.ts';

export interface ThingsPublisherParts {
  /** `<ns>.things`. */
  readonly topic: string;
  readonly genesis: Genesis;
  readonly store: FoldStore;
  readonly log: EventLog;
  readonly codec: RecordCodec;
  readonly logger: Logger;
  readonly time: Time;
  /** Another updater leads the partition: give it time to publish first. */
  readonly standsBy: (partition: number) => boolean;
}

export interface ThingsPublisher {
  /** The fold has a newer state of this Thing. */
  changed(id: number): void;
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

const BATCH_MAX_THINGS = 500;
/** Changes are collected for so long: nobody waits for this topic, and of one Thing only the last state matters. */
const COLLECT_MS = 100;
const STANDBY_MS = 1_000;
const RETRY_MS = 1_000;

export const startThingsPublisher = async (parts: ThingsPublisherParts): Promise<ThingsPublisher> => {
  const { topic, genesis, store, log, codec, logger, time, standsBy } = parts;
  /** What the topic shows, as far as it was read, by Thing. */
  const shown = new Map<number, Shown>();
  const due = new Set<number>();
  const watched = new Set<number>();
  const signal = createSignal(time);
  let stopped = false;

  const consider = (id: number): void => {
    const thing = store.thing(id);
    if (thing !== undefined && isBehind(shown.get(id), thing)) {
      due.add(id);
      signal.raise();
    }
  };
  const changed = (id: number): void => {
    if (standsBy(partitionOfThing(id, genesis.partitions))) watch(id);
    else consider(id);
  };
  /** Who leads publishes this state, or a later one, in time; if not, we do. */
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
  const onRecords = async (_topic: string, _partition: number, records: LogRecord[]): Promise<void> => {
    for (const { id, version, foo } of (await codec.decode(
      records.map(({ value }) => value),
    )) as ThingRecord[]) {
      shown.set(id, { version, foo });
      changed(id);
    }
  };
  const publish = async (things: readonly Thing[]): Promise<void> => {
    try {
      await Promise.all(
        things.map((thing) =>
          log.append(topic, {
            partition: partitionOfThing(thing.id, genesis.partitions),
            key: String(thing.id),
            value: codec.encode({ type: 'thing', ...thing }),
            timestamp: thing.updatedOn,
          }),
        ),
      );
    } catch (error) {
      logger.warn(
        { err: error, things: things.length },
        'the latest states could not be published, trying again',
      );
      for (const { id } of things) due.add(id);
      await time.sleep(RETRY_MS);
    }
  };
  const run = async (): Promise<void> => {
    while (!stopped) {
      const batch = [...due].slice(0, BATCH_MAX_THINGS);
      for (const id of batch) due.delete(id);
      const things = batch.map((id) => store.thing(id)).filter((thing) => thing !== undefined);
      const behind = things.filter((thing) => isBehind(shown.get(thing.id), thing));
      if (behind.length > 0) await publish(behind);
      if (due.size >= BATCH_MAX_THINGS) continue;
      if (due.size === 0) await signal.wait();
      if (!stopped) await time.sleep(COLLECT_MS);
    }
  };

  const ends = await log.endOffsets(topic);
  const positions = ends.map((_, partition) => ({ topic, partition, offset: 0 }));
  const unread = new Set(ends.flatMap((end, partition) => (end === 0 ? [] : [partition])));
  const considerAll = (): void => {
    for (const { id } of store.thingsAfter(0)) consider(id);
  };
  const tail = await log.tail(
    positions,
    async (read, partition, records) => {
      await onRecords(read, partition, records);
      // What the topic lacks can be told once all of it was read.
      if (records.at(-1)!.offset + 1 >= ends[partition]! && unread.delete(partition) && unread.size === 0)
        considerAll();
    },
    () => PATIENT_BREATH_MS,
  );
  if (unread.size === 0) considerAll();
  const running = run();
  return {
    changed,
    failed: tail.failed,
    stop: async () => {
      stopped = true;
      signal.raise();
      await running;
      await tail.stop();
    },
  };
};

type Shown = Pick<Thing, 'version' | 'foo'>;

/** A switch to Original may have rounded `foo` without a new version. */
const isBehind = (shown: Shown | undefined, thing: Thing): boolean =>
  shown === undefined ||
  shown.version < thing.version ||
  (shown.version === thing.version && shown.foo !== thing.foo && !isLossy(thing));
