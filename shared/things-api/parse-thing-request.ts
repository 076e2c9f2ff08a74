/** From what a client sent, already checked against its schema, to what it asks for. */
import type { IncomingMessage } from 'node:http';
import { addedFieldsOf } from '../domain/added-fields.ts';
import type { ThingChange } from '../domain/command.ts';
import type { CreateBody, UpdateBody } from '../domain/thing-schema.ts';
import { ApiError, noSuchThing } from '../http/errors.ts';
import { ifMatchVersion } from '../http/request-headers.ts';

/** The id of a path. Throws 404 unless it is a canonical decimal from 1 to 2^53 - 1. */
export const thingIdOf = (text: string): number => {
  const id = parseThingId(text);
  if (id === undefined) throw noSuchThing(text);
  return id;
};

/** Undefined unless it is a canonical decimal from 1 to 2^53 - 1. */
export const parseThingId = (text: string): number | undefined => {
  const id = Number(text);
  return /^[1-9]\d{0,15}$/.test(text) && Number.isSafeInteger(id) ? id : undefined;
};

/** The partition of a path. Throws 404 unless it is a canonical decimal. */
export const partitionOf = (text: string): number => {
  if (!/^(0|[1-9]\d{0,5})$/.test(text)) throw new ApiError('not-found', `there is no partition ${text}`);
  return Number(text);
};

export const createChange = (body: CreateBody): ThingChange => ({
  type: 'create',
  name: body.name,
  foo: withoutMinusZero(body.foo),
  ...addedFieldsOf(body),
});

/** What a schema cannot say of an update: a version is needed, in the body or as If-Match, and the id is the path's. */
export const updateFaults = (
  thingId: number,
  body: Partial<UpdateBody>,
  message: IncomingMessage,
): string[] => {
  const faults: string[] = [];
  if (body.version === undefined && ifMatchVersion(message) === undefined) {
    faults.push('"version" is missing, expected the current version, here or as If-Match');
  }
  if (body.id !== undefined && String(body.id) !== String(thingId)) {
    faults.push('"id" is read-only: it must be the id of the path');
  }
  return faults;
};

/** Throws 400 when two versions differ. */
export const updateChange = (thingId: number, body: UpdateBody, message: IncomingMessage): ThingChange => ({
  type: 'update',
  thingId,
  version: oneVersion(
    body.version === undefined ? undefined : versionOf(body.version),
    ifMatchVersion(message),
  )!,
  name: body.name,
  foo: withoutMinusZero(body.foo),
  createdOn: timeOf(body.created_on),
  updatedOn: timeOf(body.updated_on),
  ...addedFieldsOf(body),
});

/** Throws 428 without a version, 400 when two differ. */
export const deleteChange = (
  thingId: number,
  inQuery: number | undefined,
  message: IncomingMessage,
): ThingChange => {
  const version = oneVersion(inQuery, ifMatchVersion(message));
  if (version === undefined) {
    throw new ApiError(
      'version-required',
      'a delete needs the current version, as If-Match: "3" or ?version=3',
    );
  }
  return { type: 'delete', thingId, version };
};

const oneVersion = (given: number | undefined, ifMatch: number | undefined): number | undefined => {
  if (given !== undefined && ifMatch !== undefined && given !== ifMatch) {
    throw new ApiError(
      'bad-request',
      `two versions that differ were given: ${given}, and ${ifMatch} as If-Match`,
    );
  }
  return given ?? ifMatch;
};

const versionOf = (version: number | string): number => {
  const value = Number(version);
  if (!Number.isSafeInteger(value)) {
    throw new ApiError('bad-request', '"version" must be an integer from 0 to 2^53 - 1');
  }
  return value;
};

const timeOf = (timestamp: string | undefined): number | null =>
  timestamp === undefined ? null : Date.parse(timestamp.toUpperCase());

// JSON has both, and shows 0 for both.
const withoutMinusZero = (foo: number): number => foo + 0;
