/**
 * Which commands lie in the log, by id and by time, kept beside the fold in the same store: a command that was sent can
 * be looked up before and after it is decided.
 */
import type { CommandType, Command } from '../shared/domain/command.ts';
import { readRecords } from '../shared/records/record-reader.ts';
import type { RecordCodec } from '../shared/records/record-codec.ts';
import { createProgress, type Progress } from '../shared/process/progress.ts';
import type { Time } from '../shared/process/time.ts';
import type { LogPosition, LogRecord } from '../shared/log/event-log.ts';
import { COMMAND_CHECKPOINTS, type FoldStore } from '../shared/replica/fold-store.ts';

export interface IndexedCommand {
  readonly commandId: string;
  readonly type: CommandType;
  readonly thingId: number | null;
  readonly payloadHash: string;
  readonly partition: number;
  /** Of its first record. */
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly requestedOn: number;
}

export interface CommandIndex {
  /** How far the commands are indexed. */
  readonly progress: Progress;
  readonly positions: LogPosition[];
  /** `next`: from where reading goes on. */
  onRecords(partition: number, records: readonly LogRecord[], next: number): Promise<void>;
  /** As it lies in the log first. */
  get(commandId: string): IndexedCommand | undefined;
  /** Newest first, from before the command `before` on. Undefined when that one is unknown. */
  latest(limit: number, before: string | undefined): IndexedCommand[] | undefined;
}

/** requestedOn, partition, offset. */
type TimeKey = [number, number, number];

export const createCommandIndex = (
  topic: string,
  partitions: number,
  store: FoldStore,
  codec: RecordCodec,
  time: Time,
): CommandIndex => {
  const byId = store.table<string, IndexedCommand>('commands');
  const byTime = store.table<TimeKey, string>('commands-by-time');
  const checkpoints = store.table<number, number>(COMMAND_CHECKPOINTS);
  const timeKey = ({ requestedOn, partition, offset }: IndexedCommand): TimeKey => [
    requestedOn,
    partition,
    offset,
  ];

  const nexts = Array.from({ length: partitions }, (_, partition) => checkpoints.get(partition) ?? 0);
  const progress = createProgress(nexts, time);

  return {
    progress,
    positions: nexts.map((offset, partition) => ({ topic, partition, offset })),
    onRecords: async (partition, records, next) => {
      const commands = await readRecords<Command>(codec, 'things.commands', records);
      store.batch(() => {
        const place = checkpoints.get(partition) ?? 0;
        commands.forEach((command, index) => {
          const { offset } = records[index]!;
          if (command.type === 'unreadable') return;
          if (offset < place || byId.get(command.commandId) !== undefined) return;
          const indexed = indexedCommand(command, partition, offset);
          byId.set(command.commandId, indexed);
          byTime.set(timeKey(indexed), command.commandId);
        });
        checkpoints.set(partition, Math.max(place, next));
      });
      progress.reached(partition, next);
      await store.drained();
    },
    get: (commandId) => byId.get(commandId),
    latest: (limit, before) => {
      const from = before === undefined ? undefined : byId.get(before);
      if (before !== undefined && from === undefined) return undefined;
      const after = from === undefined ? undefined : timeKey(from);
      const range = byTime.range({ after, reverse: true, limit });
      return [...range].map(({ value }) => byId.get(value)!);
    },
  };
};

const indexedCommand = (command: Command, partition: number, offset: number): IndexedCommand => ({
  commandId: command.commandId,
  type: command.type,
  thingId: 'thingId' in command ? command.thingId : null,
  payloadHash: command.payloadHash,
  partition,
  offset,
  requestedOn: command.requestedOn,
});
