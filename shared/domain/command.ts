/**
 * A command asks for one change. It is a record of `<ns>.things.commands`; its offset there is the moment at which it
 * is decided. A command id decides once per partition, whoever retries it, through whichever API.
 */
import { hash } from 'node:crypto';
import {
  ADDED_FIELDS,
  addedFieldsOf,
  fieldsSetIn,
  type AddedFields,
  type AddedFieldTable,
} from './added-fields.ts';
import { partitionOfCreate, partitionOfThing } from './partition.ts';
import type { DirectRequest } from './outcome.ts';
import type { Api, ThingFields } from './thing.ts';

interface CommandBase {
  /** The client's Idempotency-Key, 1 to 128 visible ASCII characters, else a fresh UUID. */
  readonly commandId: string;
  /** Milliseconds since 1970, UTC, by the clock of the API that took the request. The time of all that it changes. */
  readonly requestedOn: number;
  /** Of what the client asked for: tells a repeated request from another one under the same id. */
  readonly payloadHash: string;
}

export interface CreateCommand extends CommandBase, ThingFields {
  readonly type: 'create';
}

export interface UpdateCommand extends CommandBase, ThingFields {
  readonly type: 'update';
  readonly thingId: number;
  /** The version that must be the current one. */
  readonly version: number;
  /** Read-only fields that the client sent along: they must equal the present values. Milliseconds since 1970. */
  readonly createdOn: number | null;
  readonly updatedOn: number | null;
}

export interface DeleteCommand extends CommandBase {
  readonly type: 'delete';
  readonly thingId: number;
  readonly version: number;
}

/** Changes nothing: a named place in the log. */
export interface MarkCommand extends CommandBase {
  readonly type: 'mark';
  readonly label: string;
}

/** Enables a feature in the partition that it lies in (features.ts). Decided like a mark: from the log alone. */
export interface EnableCommand extends CommandBase {
  readonly type: 'enable';
  readonly feature: string;
}

/** Moves the mastership of the partition that it lies in. */
export interface SwitchCommand extends CommandBase {
  readonly type: 'switch';
  readonly to: Api;
  readonly expectedEpoch: number;
  /** Milliseconds since 1970: not started by then, the switch is refused. */
  readonly deadline: number;
  readonly allowLoss: boolean;
}

export type ThingCommand = CreateCommand | UpdateCommand | DeleteCommand;
/** Decided from the log alone, whoever is master. */
export type LogCommand = MarkCommand | EnableCommand;
export type Command = ThingCommand | LogCommand | SwitchCommand;
export type CommandType = Command['type'];

export const isLogCommand = (command: Command): command is LogCommand =>
  command.type === 'mark' || command.type === 'enable';

type Asked<C extends CommandBase> = {
  [K in Exclude<keyof C, keyof CommandBase> as K extends keyof AddedFields ? never : K]: C[K];
} & Partial<AddedFields>;
/** A command without its envelope. Added fields that it lacks have their default. */
export type ThingChange = Asked<CreateCommand> | Asked<UpdateCommand> | Asked<DeleteCommand>;

/** 128 bits, hexadecimal. */
export const hashOfFields = (fields: readonly unknown[]): string =>
  hash('sha256', JSON.stringify(fields), 'hex').slice(0, 32);

/**
 * Two requests are the same when method (POST and PUT on an id count as one), path and parsed fields are equal,
 * through whichever API they came. An added field counts only when it is not its default, so that the hash of a request stays
 * what it was before the field came. 128 bits, hexadecimal.
 */
export const payloadHash = (change: ThingChange, table: AddedFieldTable = ADDED_FIELDS): string => {
  const fields: unknown[] =
    change.type === 'create'
      ? [change.type, change.name, change.foo]
      : change.type === 'update'
        ? [
            change.type,
            change.thingId,
            change.version,
            change.name,
            change.foo,
            change.createdOn,
            change.updatedOn,
          ]
        : [change.type, change.thingId, change.version];
  const set = fieldsSetIn(change, table);
  if (change.type !== 'delete' && Object.keys(set).length > 0) fields.push(set);
  return hashOfFields(fields);
};

export const thingCommand = (change: ThingChange, commandId: string, requestedOn: number): ThingCommand => {
  const base = { commandId, requestedOn, payloadHash: payloadHash(change) };
  return change.type === 'delete' ? { ...change, ...base } : { ...change, ...addedFieldsOf(change), ...base };
};

/** Tells one request to enable a feature from another one under its id. 128 bits, hexadecimal. */
export const enableHash = (feature: string): string => hashOfFields(['enable', feature]);

/** What the log keeps of a direct write beside its answer, so that it can be decided again. */
export const directRequest = (command: ThingCommand): DirectRequest => ({
  requestedOn: command.requestedOn,
  version: command.type === 'create' ? null : command.version,
  name: command.type === 'delete' ? null : command.name,
  foo: command.type === 'delete' ? null : command.foo,
  createdOn: command.type === 'update' ? command.createdOn : null,
  updatedOn: command.type === 'update' ? command.updatedOn : null,
  ...addedFieldsOf(command),
});

/** Where a command on Things lies and is decided (P1). */
export const partitionOfCommand = (command: ThingCommand, partitions: number): number =>
  command.type === 'create'
    ? partitionOfCreate(command.commandId, partitions)
    : partitionOfThing(command.thingId, partitions);
