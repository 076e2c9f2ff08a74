/** What the Shiny API does for its routes: a write becomes a command, its answer is read from the log, reads are local. */
import type { CommandSender } from '../shared/commands/command-sender.ts';
import { refused, repeated, type Decision } from '../shared/domain/answer.ts';
import { partitionOfCommand, type ThingCommand } from '../shared/domain/command.ts';
import { shinyJson } from '../shared/domain/shiny-json.ts';
import type { Genesis } from '../shared/domain/outcome.ts';
import { partitionOfThing } from '../shared/domain/partition.ts';
import type { Thing } from '../shared/domain/thing.ts';
import { unavailable } from '../shared/http/errors.ts';
import type { OriginalClient } from '../shared/contracts/original-client.ts';
import { checkEnabled, type FieldGate } from '../shared/things-api/field-gate.ts';
import type { ThingsBackend, ThingView } from '../shared/things-api/things-backend.ts';
import type { EndOffsets } from '../shared/log/end-offsets.ts';
import type { Logger } from '../shared/process/logger.ts';
import { rejectAfter } from '../shared/process/timeout.ts';
import type { Time } from '../shared/process/time.ts';
import { commandPath, pendingCommand } from './command-json.ts';
import type { View } from './view.ts';

export interface ShinyBackendParts {
  readonly genesis: Genesis;
  readonly view: View;
  readonly sender: CommandSender;
  readonly original: OriginalClient;
  /** Of the outcomes. */
  readonly endOffsets: EndOffsets;
  readonly responseWaitMs: number;
  readonly time: Time;
  readonly logger: Logger;
}

export const shinyBackend = (parts: ShinyBackendParts): ThingsBackend => {
  const { genesis, view, sender, original, endOffsets, responseWaitMs, time, logger } = parts;

  /**
   * What this node knows to be decided already, without another record in the log; also an id that was used in another
   * partition, where the fold, which decides per partition, would not see it.
   */
  const decidedBefore = (command: ThingCommand): Decision | undefined => {
    const partition = partitionOfCommand(command, genesis.partitions);
    const stored = view.store.state(partition).answers.get(command.commandId);
    if (stored !== undefined) return repeated(stored, command);
    const [elsewhere] = view.store.answers(command.commandId);
    const sent = view.commands.get(command.commandId);
    // In the same partition the fold decides which request was first: it may be a direct write to Original.
    const isSentElsewhere =
      sent !== undefined && sent.partition !== partition && sent.payloadHash !== command.payloadHash;
    const isReused = elsewhere !== undefined || isSentElsewhere;
    return isReused ? refused(command, { code: 'reused' }) : undefined;
  };

  /**
   * P9: folds to the end of the log and notes the Thing. If Original may be master then, asks Original. If Original is not
   * master, the noted Thing is the answer, unless the master changed since the fold's epoch. In that case it starts again once
   * that change is folded: the log then has everything that Original acknowledged.
   */
  const latest = async (id: number): Promise<ThingView | undefined> => {
    const partition = partitionOfThing(id, genesis.partitions);
    const deadline = time.monotonic() + responseWaitMs;
    const left = (): number => Math.max(0, deadline - time.monotonic());
    for (;;) {
      const ends = await rejectAfter(time, left(), 'asking for the end of the log', endOffsets());
      await view.progress.until(partition, ends[partition]!, left());
      const { master, released, epoch } = view.store.state(partition).header;
      const noted = view.thing(id);
      if (master === 'shiny' && released === null) return noted;
      const {
        master: present,
        masterSinceEpoch,
        thing,
      } = await rejectAfter(time, left(), 'asking Original', original.thing(id));
      if (present === 'original') return thing === null ? undefined : viewOf(thing);
      if (masterSinceEpoch <= epoch) return noted;
      while (view.store.state(partition).header.epoch === epoch)
        await view.progress.until(partition, view.progress.next(partition) + 1, left());
    }
  };

  /**
   * Waits until the view has everything that either API acknowledged before the call: the log to its end, and Original's feed in
   * partitions where Original may be master (P9). If the master changes meanwhile, starts again: the log has the rest then.
   */
  const caughtUp = async (): Promise<void> => {
    const deadline = time.monotonic() + responseWaitMs;
    const left = (): number => Math.max(0, deadline - time.monotonic());
    const headerOf = (partition: number) => view.store.state(partition).header;
    const observed = async (partition: number, end: number, epoch: number): Promise<void> => {
      while (view.feedProgress.next(partition) < end && headerOf(partition).epoch === epoch)
        await view.progress.until(partition, view.progress.next(partition) + 1, left());
    };
    for (;;) {
      const ends = await rejectAfter(time, left(), 'asking for the end of the log', endOffsets());
      await Promise.all(ends.map((end, partition) => view.progress.until(partition, end, left())));
      const epochs = ends.map((_, partition) => headerOf(partition).epoch);
      const asked = ends.flatMap((_, partition) => {
        const { master, released } = headerOf(partition);
        return master === 'original' || released !== null ? [partition] : [];
      });
      if (asked.length === 0) return;
      const feedEnds = await rejectAfter(time, left(), 'asking Original', original.feedEnds());
      await Promise.all(
        asked.map((partition) => observed(partition, feedEnds[partition]!, epochs[partition]!)),
      );
      if (asked.every((partition) => headerOf(partition).epoch === epochs[partition])) return;
    }
  };

  const reading = async <T>(read: () => Promise<T>): Promise<T> => {
    try {
      return await read();
    } catch (error) {
      logger.warn({ err: error }, 'a linearizable read was not possible');
      throw unavailable(
        'the latest state is not known now: the log or the Original API does not answer; try again',
      );
    }
  };

  const gate: FieldGate = {
    features: (partition) => view.store.state(partition).header.features,
    caughtUp: (partition) =>
      reading(async () => {
        const ends = await rejectAfter(time, responseWaitMs, 'asking for the end of the log', endOffsets());
        await view.progress.until(partition, ends[partition]!, responseWaitMs);
      }),
  };

  return {
    write: async (command, { respondAsync }) => {
      const known = decidedBefore(command);
      if (known !== undefined) return { kind: 'decided', decision: known };
      const partition = partitionOfCommand(command, genesis.partitions);
      await checkEnabled(command, partition, gate);
      if (!respondAsync) return { kind: 'decided', decision: await sender.sendAndWait(command) };
      const place = await sender.send(command);
      // Waits for the index, so that the URL in the answer works at once.
      await view.commands.progress
        .until(place.partition, place.offset + 1, responseWaitMs)
        .catch(() => undefined);
      return {
        kind: 'pending',
        location: commandPath(command.commandId),
        body: pendingCommand(command, place),
      };
    },
    readyThing: view.readyThing,
    thing: (id, options) => (options.latest ? reading(() => latest(id)) : view.thing(id)),
    things: (after, limit) => view.things(after, limit),
    caughtUp: () => reading(caughtUp),
  };
};

const viewOf = (thing: Thing): ThingView => ({
  version: thing.version,
  json: shinyJson(thing),
});
