/** Puts a command of an operator into the log: a switch, or a feature that is enabled. */
import type { RecordCodec } from '../../shared/records/record-codec.ts';
import type { EnableCommand, SwitchCommand } from '../../shared/domain/command.ts';
import { AppendUnknownError, type EventLog } from '../../shared/log/event-log.ts';
import { topicName } from '../../shared/records/topics.ts';
import type { Logger } from '../../shared/process/logger.ts';
import type { Time } from '../../shared/process/time.ts';

export interface CommandAppenderParts {
  readonly namespace: string;
  readonly log: EventLog;
  readonly codec: RecordCodec;
  readonly logger: Logger;
  readonly time: Time;
}

const APPEND_TRIES_MAX = 5;
const APPEND_RETRY_MS = 200;

/** Throws what the log throws, after APPEND_TRIES_MAX tries. Once more is harmless: a repeated id has no second effect. */
export const createCommandAppender = ({ namespace, log, codec, logger, time }: CommandAppenderParts) => {
  const topic = topicName(namespace, 'things.commands');
  return async (partition: number, command: SwitchCommand | EnableCommand): Promise<void> => {
    const value = codec.encode(command);
    const record = { partition, key: command.commandId, value, timestamp: command.requestedOn };
    for (let tries = 1; ; tries++) {
      try {
        await log.append(topic, record);
        return;
      } catch (error) {
        if (!(error instanceof AppendUnknownError) || tries >= APPEND_TRIES_MAX) throw error;
        const { type } = command;
        logger.warn({ err: error, partition, type }, 'a command may not be in the log, sending it again');
        await time.sleep(APPEND_RETRY_MS);
      }
    }
  };
};
