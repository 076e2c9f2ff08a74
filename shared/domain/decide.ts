/**
 * What a master answers to a command: pure and deterministic. Time is the command's, ids come from the state, so two
 * updaters that decide the same command write the same bytes, and the second is ignored.
 */
import { accepted, refused, repeated, type Decision, type StoredAnswer } from './answer.ts';
import {
  isLogCommand,
  type DeleteCommand,
  type LogCommand,
  type ThingCommand,
  type UpdateCommand,
} from './command.ts';
import type { PartitionHeader, PartitionState } from './partition-state.ts';
import { nextThingId } from './partition.ts';
import { createThing, deleteThing, updateThing, type Thing } from './thing.ts';

/** What deciding reads of a partition; the updater lays its own unread decisions over the fold. */
export interface DecideState {
  readonly header: PartitionHeader;
  thing(id: number): Thing | undefined;
  answer(commandId: string): StoredAnswer | undefined;
}

/** A partition as it was read back, for who decides or judges. */
export const decideStateOf = (state: PartitionState): DecideState => ({
  get header() {
    return state.header;
  },
  thing: (id) => state.things.get(id),
  answer: (commandId) => state.answers.get(commandId),
});

/** What the fold answers by itself, whoever is master: the repeat of an id, and what needs no master. */
export const decideFromFold = (
  state: DecideState,
  command: ThingCommand | LogCommand,
): Decision | undefined => {
  const stored = state.answer(command.commandId);
  if (stored !== undefined) return repeated(stored, command);
  return isLogCommand(command) ? accepted(command, null) : undefined;
};

/** The feature that a decision of `command` enables. */
export const enabledBy = (command: ThingCommand | LogCommand, { answer }: Decision): string | null =>
  command.type === 'enable' && answer.code === 'accepted' ? command.feature : null;

/** Shiny's decision, in a partition of which Shiny is master. */
export const decide = (state: DecideState, command: ThingCommand | LogCommand): Decision => {
  const known = decideFromFold(state, command);
  if (known !== undefined) return known;
  if (isLogCommand(command)) return accepted(command, null);
  if (command.type === 'create') {
    const { header } = state;
    const id = nextThingId(header.partition, header.genesis!.partitions, header.idFloor);
    return accepted(command, createThing(id, command, command.requestedOn));
  }
  return decideChange(state.thing(command.thingId), command, command.requestedOn);
};

/** The compare-and-set of an update or delete against `thing`, by any master. `now` in milliseconds since 1970. */
export const decideChange = (
  thing: Thing | undefined,
  command: UpdateCommand | DeleteCommand,
  now: number,
): Decision => {
  if (thing === undefined || thing.deleted) return refused(command, { code: 'absent' });
  if (thing.version !== command.version) {
    return refused(command, { code: 'conflict', currentVersion: thing.version });
  }
  if (command.type === 'delete') return accepted(command, deleteThing(thing));
  const field = changedReadOnlyField(thing, command);
  if (field !== undefined) return refused(command, { code: 'readonly', field });
  return accepted(command, updateThing(thing, command, now));
};

const changedReadOnlyField = (thing: Thing, command: UpdateCommand): string | undefined => {
  if (command.createdOn !== null && command.createdOn !== thing.createdOn) return 'created_on';
  if (command.updatedOn !== null && command.updatedOn !== thing.updatedOn) return 'updated_on';
  return undefined;
};
