/**
 * Partitions whose command log or feed ends before what the fold has decided or observed. They are not read and stand as
 * `stuck`, the others go on; once a log is long enough again (restore-commands.ts), it is read.
 */
import { topicName } from '../../shared/records/topics.ts';
import type { LogPosition } from '../../shared/log/event-log.ts';
import type { UpdaterServiceParts } from './service-parts.ts';
import type { PartitionStatus } from './partition-status.ts';
import { shortLogs } from './short-logs.ts';

export interface CutOffLogs {
  /** Where commands and feed are read on, those that are cut off left out. */
  readable(): Promise<readonly LogPosition[]>;
  /** Undefined: nothing is cut off. */
  status(partition: number): PartitionStatus | undefined;
  /** Calls `read` with what becomes long enough, until nothing is cut off. Rejects when `read` does. */
  watch(read: (positions: readonly LogPosition[]) => Promise<void>): Promise<void>;
  stop(): void;
}

const LOOK_AGAIN_MS = 5_000;

interface CutOff {
  readonly position: LogPosition;
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

interface Checked {
  readonly position: LogPosition;
  readonly reason: string | undefined;
}

export const createCutOffLogs = ({
  namespace,
  genesis,
  store,
  log,
  logger,
  time,
}: UpdaterServiceParts): CutOffLogs => {
  const commandTopic = topicName(namespace, 'things.commands');
  const feedTopic = topicName(namespace, 'things.original');
  let cutOff: readonly CutOff[] = [];
  let stopped = false;

  /** Of each log, where it is read on, and why it is too short if so. */
  const check = async (): Promise<Checked[]> => {
    // Reads the headers before it asks for the ends: else another updater's decisions could move the fold past these ends.
    const headers = Array.from(
      { length: genesis.partitions },
      (_, partition) => store.state(partition).header,
    );
    const [commandEnds, feedEnds] = await Promise.all([
      log.endOffsets(commandTopic),
      log.endOffsets(feedTopic),
    ]);
    return headers.flatMap((header) => {
      const { partition, position, feedPosition } = header;
      const ends = { commands: commandEnds[partition] ?? 0, feed: feedEnds[partition] ?? 0 };
      const short = shortLogs(header, ends);
      return [
        { position: { topic: commandTopic, partition, offset: position + 1 }, reason: short.commands },
        { position: { topic: feedTopic, partition, offset: feedPosition + 1 }, reason: short.feed },
      ];
    });
  };

  const readable = async (): Promise<readonly LogPosition[]> => {
    const found = await check();
    const since = time.now();
    cutOff = found.flatMap(({ position, reason }) =>
      reason === undefined ? [] : [{ position, reason, since }],
    );
    for (const { position, reason } of cutOff)
      logger.error({ partition: position.partition, reason }, 'a partition stands: its log was cut off');
    return found.filter(({ reason }) => reason === undefined).map(({ position }) => position);
  };

  return {
    readable,
    status: (partition) => {
      const found = cutOff.find(({ position }) => position.partition === partition);
      return found === undefined ? undefined : { state: 'stuck', since: found.since, reason: found.reason };
    },
    watch: async (read) => {
      while (!stopped && cutOff.length > 0) {
        await time.sleep(LOOK_AGAIN_MS);
        if (stopped) break;
        // The others are read already.
        const wasCutOff = ({ position }: Checked): boolean =>
          cutOff.some((one) => isSame(one.position, position));
        const found = (await check()).filter(wasCutOff);
        const again = found.filter(({ reason }) => reason === undefined).map(({ position }) => position);
        if (again.length === 0) continue;
        logger.info(
          { partitions: again.map(({ partition }) => partition) },
          'logs that were cut off are long enough again',
        );
        cutOff = cutOff.filter(({ position }) => !again.some((one) => isSame(one, position)));
        await read(again);
      }
    },
    stop: () => {
      stopped = true;
    },
  };
};

const isSame = (a: LogPosition, b: LogPosition): boolean =>
  a.topic === b.topic && a.partition === b.partition;
