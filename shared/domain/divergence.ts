/**
 * Does what Original says contradict the log? A database that was put back from a backup, or failed over with lost commits, gives
 * versions and numbers a second time; a feed that was lost leaves a gap (P16). Nothing of that may reach the fold, which would not
 * count it, and somebody has to be told. Pure; each function returns a sentence, or undefined when all is well.
 */
import { sameAddedFields } from './added-fields.ts';
import type { Answer, Decision } from './answer.ts';
import type { ThingCommand } from './command.ts';
import type { DecideState } from './decide.ts';
import { mappedToOriginal } from './mapping.ts';
import type { OriginalEntry } from './outcome.ts';
import { partitionOfThing } from './partition.ts';
import type { Thing } from './thing.ts';

const SET_BACK =
  "Original's database was set back, or it is another one: restore what it lacks, or rebuild the partition from the log " +
  '(`playground master repair`)';
const FEED_LOST =
  'the feed was lost or cut, or the database was set back: restore the topic, or rebuild the partition from the log ' +
  '(`playground master repair`)';

/** Of an entry of the feed where `next` is the number that comes next: behind `state`, and what is on the way. */
export const entryFault = (state: DecideState, entry: OriginalEntry, next: number): string | undefined => {
  const { header } = state;
  if (entry.number > next)
    return `entry ${entry.number} of Original's outbox follows entry ${next - 1} in the feed: ${FEED_LOST}`;
  if (entry.number < next) return repeatFault(state, entry);
  if (entry.epoch < header.masterSinceEpoch)
    return `entry ${entry.number} is of epoch ${entry.epoch}, and the master changed in epoch ${header.masterSinceEpoch}: ${SET_BACK}`;
  if (entry.state === null || entry.answer === null) return undefined;
  if (partitionOfThing(entry.state.id, header.genesis!.partitions) !== header.partition)
    return `entry ${entry.number} is about Thing ${entry.state.id}, which lives in another partition: ${SET_BACK}`;
  return stateFault(state, entry.state, entry.answer);
};

/** An entry whose number came before must be the one that came before. */
const repeatFault = (state: DecideState, { number, answer, fence }: OriginalEntry): string | undefined => {
  const isOther = `entry ${number} was given a second time, to another write: ${SET_BACK}`;
  if (fence !== null) return fence.epoch <= state.header.epoch + 1 ? undefined : isOther;
  if (answer === null) return isOther;
  const known = state.answer(answer.commandId)?.answer;
  return known !== undefined && isSameAnswer(known, answer) ? undefined : isOther;
};

const isSameAnswer = (known: Answer, answer: Answer): boolean =>
  known.payloadHash === answer.payloadHash && known.code === answer.code && known.thingId === answer.thingId;

/** Of what Original decided about a command of the log. */
export const decisionFault = (
  state: DecideState,
  command: ThingCommand,
  { answer, state: made }: Decision,
): string | undefined => {
  const { partition, genesis } = state.header;
  if (answer.commandId !== command.commandId) return `Original answered another command: ${SET_BACK}`;
  if (made === null) return undefined;
  if (partitionOfThing(made.id, genesis!.partitions) !== partition)
    return `Original decided about Thing ${made.id}, which lives in another partition: ${SET_BACK}`;
  return stateFault(state, made, answer);
};

/** A version has one content. A repeated answer may carry what a switch has rounded since. */
const stateFault = (state: DecideState, made: Thing, { commandId }: Answer): string | undefined => {
  const present = state.thing(made.id);
  if (present === undefined || present.version !== made.version || isSameThing(present, made))
    return undefined;
  if (state.answer(commandId) !== undefined && isSameThing(present, mappedToOriginal(made))) return undefined;
  return `version ${made.version} of Thing ${made.id} has another content in Original than in the log: ${SET_BACK}`;
};

const isSameThing = (a: Thing, b: Thing): boolean =>
  a.name === b.name &&
  a.foo === b.foo &&
  a.createdOn === b.createdOn &&
  a.updatedOn === b.updatedOn &&
  a.deleted === b.deleted &&
  sameAddedFields(a, b);
