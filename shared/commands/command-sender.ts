/** Puts a command into the log, and waits for its outcome if wanted. Both APIs send commands; the updater decides them. */
import type { RecordCodec } from '../records/record-codec.ts';
import type { Decision } from '../domain/answer.ts';
import { partitionOfCommand, type ThingCommand } from '../domain/command.ts';
import type { Genesis } from '../domain/outcome.ts';
import { ApiError, unavailable } from '../http/errors.ts';
import {
  AppendNotStoredError,
  AppendOverflowError,
  AppendRefusedError,
  AppendUnknownError,
  type EventLog,
} from '../log/event-log.ts';
import { topicName } from '../records/topics.ts';
import type { Time } from '../process/time.ts';
import type { OutcomeWaiter } from './outcome-waiter.ts';

export interface CommandSenderParts {
  readonly namespace: string;
  readonly genesis: Genesis;
  readonly log: EventLog;
  readonly codec: RecordCodec;
  readonly waiter: OutcomeWaiter;
  readonly responseWaitMs: number;
  readonly time: Time;
  /** Headers of the 504, such as the address where the truth is found later. */
  readonly unknownHeaders: (commandId: string) => Readonly<Record<string, string>>;
}

export interface Sent {
  readonly partition: number;
  readonly offset: number;
}

/**
 * Throws ApiError: `outcome-unknown` when the outcome is not known in time; `too-large` or `unavailable`, at once if
 * possible, when the command is certainly not in the log.
 */
export interface CommandSender {
  /** Resolves when the command is in the log. */
  send(command: ThingCommand): Promise<Sent>;
  /** Resolves with the decision of this very record. */
  sendAndWait(command: ThingCommand): Promise<Decision>;
}

const FIRST_DELAY_MS = 100;
const DELAY_MAX_MS = 1_000;

/** One command on its way into the log. */
interface Sending {
  /** Nobody waits any more. */
  isOver: boolean;
  /** It may be in the log: it is, or it is under way, or a try before had no answer. */
  mayBeStored: boolean;
}

export const createCommandSender = (parts: CommandSenderParts): CommandSender => {
  const { genesis, log, codec, waiter, responseWaitMs, time } = parts;
  const topic = topicName(parts.namespace, 'things.commands');

  const append = async (command: ThingCommand, partition: number, sending: Sending): Promise<number> => {
    const key = command.type === 'create' ? command.commandId : String(command.thingId);
    const record = { partition, key, value: codec.encode(command), timestamp: command.requestedOn };
    let isUnknown = false;
    for (let delay = FIRST_DELAY_MS; ; delay = Math.min(2 * delay, DELAY_MAX_MS)) {
      sending.mayBeStored = true;
      try {
        return await log.append(topic, record);
      } catch (error) {
        isUnknown ||= !isCertainlyNotStored(error);
        sending.mayBeStored = isUnknown;
        if (sending.isOver) throw error;
        if (error instanceof AppendRefusedError)
          throw isUnknown ? unknown(command, error.message) : refusal(error);
        if (error instanceof AppendOverflowError && !isUnknown) throw nothingWritten(error.message);
        // Once more is harmless: a repeated id gets the answer of the first.
        if (!isCertainlyNotStored(error) && !(error instanceof AppendUnknownError)) throw error;
      }
      await time.sleep(delay);
      if (sending.isOver) throw nothingWritten('nobody waits for the answer any more');
    }
  };

  const unknown = ({ commandId }: ThingCommand, reason: string): ApiError =>
    new ApiError(
      'outcome-unknown',
      `the outcome is not known yet: ${reason}; ` +
        'it may still take effect, and the same request with the same Idempotency-Key gets its answer',
      parts.unknownHeaders(commandId),
    );

  const decidedInTime = async <T>(
    command: ThingCommand,
    work: (sending: Sending) => Promise<T>,
  ): Promise<T> => {
    const sending: Sending = { isOver: false, mayBeStored: false };
    const { promise: late, reject } = Promise.withResolvers<never>();
    const cancel = time.after(responseWaitMs, () => {
      sending.isOver = true;
      reject(
        sending.mayBeStored
          ? unknown(command, `command ${command.commandId} was not decided within ${responseWaitMs} ms`)
          : nothingWritten(`Kafka did not take the command within ${responseWaitMs} ms`),
      );
    });
    return Promise.race([work(sending), late]).finally(cancel);
  };

  return {
    send: (command) =>
      decidedInTime(command, async (sending) => {
        const partition = partitionOfCommand(command, genesis.partitions);
        return { partition, offset: await append(command, partition, sending) };
      }),
    sendAndWait: async (command) => {
      const partition = partitionOfCommand(command, genesis.partitions);
      const expected = waiter.expect(partition, command.commandId);
      try {
        return await decidedInTime(command, async (sending) =>
          expected.at(await append(command, partition, sending)),
        );
      } finally {
        expected.cancel();
      }
    },
  };
};

const isCertainlyNotStored = (error: unknown): boolean =>
  error instanceof AppendRefusedError ||
  error instanceof AppendNotStoredError ||
  error instanceof AppendOverflowError;

const refusal = (error: AppendRefusedError): ApiError =>
  error.isTooLarge
    ? new ApiError('too-large', `nothing was written: ${error.message}`)
    : nothingWritten(error.message);

const nothingWritten = (reason: string): ApiError => unavailable(`nothing was written: ${reason}`);
