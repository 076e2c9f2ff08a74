/**
 * Can a command be decided in the partition in which it lies? If not it is passed over (P17). Clients are checked before a command
 * is made (thing-schema.ts); this is what deciding relies on, whoever wrote the record. Pure and the same for everybody.
 */
import { invalidAddedField } from './added-fields.ts';
import { FEATURE_PATTERN } from './features.ts';
import { partitionOfCommand, type Command, type ThingCommand } from './command.ts';
import { COMMAND_ID_PATTERN, isThingId, NAME_MAX_CODE_POINTS, TIME_MAX, TIME_MIN } from './limits.ts';

/** Why it cannot be decided, or undefined. */
export const commandFault = (command: Command, partition: number, partitions: number): string | undefined => {
  if (!COMMAND_ID_PATTERN.test(command.commandId)) return 'its command id is none';
  if (!isTime(command.requestedOn)) return 'its time is none';
  if (command.type === 'mark' || command.type === 'switch') return undefined;
  if (command.type === 'enable')
    return FEATURE_PATTERN.test(command.feature) ? undefined : 'its feature is none';
  const fault = fieldFault(command);
  if (fault !== undefined) return fault;
  const home = partitionOfCommand(command, partitions);
  return home === partition ? undefined : `it belongs to partition ${home} and not to ${partition}`;
};

const fieldFault = (command: ThingCommand): string | undefined => {
  if (command.type !== 'create') {
    if (!isThingId(command.thingId)) return 'its Thing id is none';
    if (!isCount(command.version)) return 'its version is none';
  }
  if (command.type === 'delete') return undefined;
  if (!isName(command.name)) return 'its name is none';
  if (!Number.isFinite(command.foo)) return 'its foo is not finite';
  if (command.type === 'update' && ![command.createdOn, command.updatedOn].every(isTimeOrNull))
    return 'a time in it is none';
  const invalid = invalidAddedField(command);
  return invalid === undefined ? undefined : `its ${invalid} is none`;
};

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
const isTime = (value: number): boolean =>
  Number.isSafeInteger(value) && value >= TIME_MIN && value <= TIME_MAX;
const isTimeOrNull = (value: number | null): boolean => value === null || isTime(value);
const isName = (name: string): boolean =>
  name !== '' && !name.includes('\0') && name.isWellFormed() && codePoints(name) <= NAME_MAX_CODE_POINTS;
const codePoints = (text: string): number => Array.from(text).length;
