/**
 * A command asks for one change. It is a record of `<ns>.things.commands`; its offset there is the moment at which it
 * is decided. A command id decides once per partition, whoever retries it, through whichever API.
 */
import { hash } from 'node:crypto';
import { partitionOfCreate, partitionOfThing } from './partition.ts';
import type { DirectRequest } from './outcome.ts';
import type { Owner, ThingFields } from './thing.ts';

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

/** Moves the mastership of the partition that it lies in. */
export interface SwitchCommand extends CommandBase {
  readonly type: 'switch';
  readonly to: Owner;
  readonly expectedEpoch: number;
  /** Milliseconds since 1970: not started by then, the switch is refused. */
  readonly deadline: number;
  readonly allowLoss: boolean;
}

export type ThingCommand = CreateCommand | UpdateCommand | DeleteCommand;
export type Command = ThingCommand | MarkCommand | SwitchCommand;
export type CommandType = Command['type'];

export type ThingRequest =
  | Omit<CreateCommand, keyof CommandBase>
  | Omit<UpdateCommand, keyof CommandBase>
  | Omit<DeleteCommand, keyof CommandBase>;

/** 128 bits, hexadecimal. */
export const hashOfFields = (fields: readonly unknown[]): string =>
  hash('sha256', JSON.stringify(fields), 'hex').slice(0, 32);

/**
 * Two requests are the same when method (POST and PUT on an id count as one), path and parsed fields are equal,
 * through whichever API they came. 128 bits, hexadecimal.
 */
export const payloadHash = (request: ThingRequest): string => {
  const fields =
    request.type === 'create'
      ? [request.type, request.name, request.foo]
      : request.type === 'update'
        ? [
            request.type,
            request.thingId,
            request.version,
            request.name,
            request.foo,
            request.createdOn,
            request.updatedOn,
          ]
        : [request.type, request.thingId, request.version];
  return hashOfFields(fields);
};

export const thingCommand = (
  request: ThingRequest,
  commandId: string,
  requestedOn: number,
): ThingCommand => ({
  ...request,
  commandId,
  requestedOn,
  payloadHash: payloadHash(request),
});

/** What the log keeps of a direct write beside its answer, so that it can be decided again. */
export const directRequest = (command: ThingCommand): DirectRequest => ({
  requestedOn: command.requestedOn,
  version: command.type === 'create' ? null : command.version,
  name: command.type === 'delete' ? null : command.name,
  foo: command.type === 'delete' ? null : command.foo,
  createdOn: command.type === 'update' ? command.createdOn : null,
  updatedOn: command.type === 'update' ? command.updatedOn : null,
});

/** Where a command on Things lies and is decided (P1). */
export const partitionOfCommand = (command: ThingCommand, partitions: number): number =>
  command.type === 'create'
    ? partitionOfCreate(command.commandId, partitions)
    : partitionOfThing(command.thingId, partitions);
