/**
 * What `<ns>.things` shows, as far as it was read. It is our own output: whatever else lies there is counted, said once per
 * partition and passed over, and the topic may be deleted and created again under its reader.
 */
import type { RecordCodec, ThingRecord, UnreadableRecord } from '../../shared/records/record-codec.ts';
import { readRecords } from '../../shared/records/record-reader.ts';
import { partitionOfThing } from '../../shared/domain/partition.ts';
import { STANDBY_LINGER_MS } from '../../shared/log/linger.ts';
import type { EventLog, LogPosition, LogRecord } from '../../shared/log/event-log.ts';
import type { Logger } from '../../shared/process/logger.ts';
import type { Metrics } from '../../shared/process/metrics.ts';
import type { Time } from '../../shared/process/time.ts';
import { createTrouble } from '../../shared/process/trouble.ts';

export interface ThingsTopicParts {
  /** `<ns>.things`. */
  readonly topic: string;
  readonly partitions: number;
  readonly log: EventLog;
  readonly codec: RecordCodec;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly time: Time;
  /** The topic begins anew: nothing that was read of it holds. */
  readonly onBegin: () => void;
  readonly onThing: (thing: ThingRecord) => void;
  /** The last record of this Thing is none that a consumer can read. */
  readonly onSpoilt: (id: number, value: Buffer) => void;
  /** All that lay there at the beginning was read. */
  readonly onCaughtUp: () => void;
}

export interface ThingsTopic {
  /** Is the topic there, and read? */
  isOpen(): boolean;
  /** Rejects when one of the callbacks throws. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

const FIRST_DELAY_MS = 100;
const DELAY_MAX_MS = 2_000;

export const openThingsTopic = (parts: ThingsTopicParts): ThingsTopic => {
  const { topic, log, logger, time } = parts;
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  const stopping = Promise.withResolvers<void>();
  let isOpen = false;
  let stopped = false;
  const readRecords = recordsReader(parts);

  /** Resolves at the stop, rejects when the topic cannot be read on. */
  const readOnce = async (): Promise<void> => {
    const description = await log.describeTopic(topic);
    if (description === undefined) throw new Error(`there is no topic ${topic}`);
    const { begins, ends } = description;
    parts.onBegin();
    const unread = new Set(ends.flatMap((end, partition) => (end === begins[partition] ? [] : [partition])));
    const positions = ends.map((_, partition): LogPosition => ({
      topic,
      partition,
      offset: 0,
      mayBeginLater: true,
    }));
    const onRecords = async (partition: number, records: LogRecord[], next: number): Promise<void> => {
      await readRecords(partition, records);
      if (next >= ends[partition]! && unread.delete(partition) && unread.size === 0) parts.onCaughtUp();
    };
    const tail = await log.tail(
      positions,
      (_topic, partition, records, next) =>
        onRecords(partition, records, next).catch((error: unknown) => {
          fail(error);
          throw error;
        }),
      () => STANDBY_LINGER_MS,
    );
    isOpen = true;
    if (unread.size === 0) parts.onCaughtUp();
    try {
      await Promise.race([tail.failed, stopping.promise]);
    } finally {
      isOpen = false;
      await tail.stop();
    }
  };

  const run = async (): Promise<void> => {
    const trouble = createTrouble(logger, 'the topic of the latest states is not read', time.monotonic);
    for (let delay = FIRST_DELAY_MS; !stopped;) {
      const started = time.monotonic();
      try {
        await readOnce();
      } catch (error) {
        if (stopped) return;
        // It was read for a while: another trouble than the one before.
        if (time.monotonic() - started > 2 * DELAY_MAX_MS) {
          trouble.over();
          delay = FIRST_DELAY_MS;
        }
        trouble.met(error, { topic });
        await time.sleep(delay);
        delay = Math.min(2 * delay, DELAY_MAX_MS);
      }
    }
  };
  const running = run();
  return {
    isOpen: () => isOpen,
    failed,
    stop: async () => {
      stopped = true;
      stopping.resolve();
      await running;
    },
  };
};

const recordsReader = ({
  topic,
  partitions,
  codec,
  logger,
  metrics,
  onThing,
  onSpoilt,
}: ThingsTopicParts) => {
  const unreadable = metrics.counter(
    'things_topic_unreadable_total',
    'Records on the topic of the latest states that are none of ours, tombstones too',
    ['partition'],
  );
  const said = new Set<number>();

  const passOver = (partition: number, { offset, key, value }: LogRecord, reason: string): void => {
    unreadable.inc({ partition: String(partition) });
    const line = { topic, partition, offset, key, reason };
    if (said.has(partition)) logger.debug(line, 'a record on the topic of the latest states is none of ours');
    else logger.warn(line, 'a record on the topic of the latest states is none of ours, passing over such');
    said.add(partition);
    // Compaction keeps the last record of a key.
    const id = /^[0-9]{1,15}$/.test(key) ? Number(key) : undefined;
    if (id !== undefined && partitionOfThing(id, partitions) === partition) onSpoilt(id, value);
  };

  /** All at once; one by one if that fails. */
  const decode = async (
    records: readonly LogRecord[],
  ): Promise<(ThingRecord | UnreadableRecord | Error)[]> => {
    try {
      return await readRecords<ThingRecord>(codec, 'things', records);
    } catch (error) {
      if (records.length === 1) return [error as Error];
      const decoded: (ThingRecord | UnreadableRecord | Error)[] = [];
      for (const record of records) decoded.push(...(await decode([record])));
      return decoded;
    }
  };

  return async (partition: number, records: readonly LogRecord[]): Promise<void> => {
    const decoded = await decode(records);
    decoded.forEach((thing, index) => {
      const record = records[index]!;
      if (record.isTombstone === true) passOver(partition, record, 'a tombstone');
      else if (thing instanceof Error) passOver(partition, record, thing.message);
      else if (thing.type === 'unreadable') passOver(partition, record, thing.reason);
      else if (record.key !== String(thing.id))
        passOver(partition, record, 'not the state of the Thing that its key names');
      else if (partitionOfThing(thing.id, partitions) !== partition)
        passOver(partition, record, 'in the partition of other Things');
      else onThing(thing);
    });
  };
};
