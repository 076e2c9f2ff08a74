/** Puts a command into the log, and waits for its outcome if wanted. Both APIs send commands; the updater decides them. */
import type { RecordCodec } from '../codec/record-codec.ts';
import type { Decision } from '../domain/answer.ts';
import { partitionOfCommand, type ThingCommand } from '../domain/command.ts';
import type { Genesis } from '../domain/outcome.ts';
import { ApiError } from '../http/errors.ts';
import { AppendUnknownError, type EventLog } from '../log/event-log.ts';
import { topicName } from '../log/topics.ts';
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

export interface CommandSender {
  /** Resolves when the command is in the log. Throws ApiError `outcome-unknown` when that is not known in time. */
  send(command: ThingCommand): Promise<Sent>;
  /** Resolves with the decision of this very record. Throws ApiError `outcome-unknown` when none came in time. */
  sendAndWait(command: ThingCommand): Promise<Decision>;
}

const RETRY_DELAY_MS = 100;

export const createCommandSender = (parts: CommandSenderParts): CommandSender => {
  const { genesis, log, codec, waiter, responseWaitMs, time } = parts;
  const topic = topicName(parts.namespace, 'things.commands');

  const append = async (command: ThingCommand, partition: number, signal: AbortSignal): Promise<number> => {
    const key = command.type === 'create' ? command.commandId : String(command.thingId);
    const record = { partition, key, value: codec.encode(command), timestamp: command.requestedOn };
    for (;;) {
      try {
        return await log.append(topic, record);
      } catch (error) {
        // Once more is harmless: a repeated id gets the answer of the first.
        if (!(error instanceof AppendUnknownError) || signal.aborted) throw error;
        await time.sleep(RETRY_DELAY_MS);
      }
    }
  };

  const inTime = async <T>(command: ThingCommand, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const controller = new AbortController();
    const { promise: late, reject } = Promise.withResolvers<never>();
    const cancel = time.after(responseWaitMs, () => {
      controller.abort();
      reject(
        new ApiError(
          'outcome-unknown',
          `the outcome is not known yet: command ${command.commandId} was not decided within ${responseWaitMs} ms; ` +
            'it may still take effect, and the same request with the same Idempotency-Key gets its answer',
          parts.unknownHeaders(command.commandId),
        ),
      );
    });
    return Promise.race([work(controller.signal), late]).finally(cancel);
  };

  return {
    send: (command) =>
      inTime(command, async (signal) => {
        const partition = partitionOfCommand(command, genesis.partitions);
        return { partition, offset: await append(command, partition, signal) };
      }),
    sendAndWait: async (command) => {
      const partition = partitionOfCommand(command, genesis.partitions);
      const expected = waiter.expect(partition, command.commandId);
      try {
        return await inTime(command, async (signal) => expected.at(await append(command, partition, signal)));
      } finally {
        expected.cancel();
      }
    },
  };
};
