/** Rows of the database <-> the domain. A row of `answers` holds an answer and the state that it made. */
import { addedFieldsOf, fieldsSetIn, type AddedFields } from '../../shared/domain/added-fields.ts';
import type { Answer, AnswerCode, Decision } from '../../shared/domain/answer.ts';
import type { CommandType } from '../../shared/domain/command.ts';
import { checkKnown } from '../../shared/records/feature-check.ts';
import { clampedOriginalFoo } from '../../shared/domain/mapping.ts';
import type { DirectRequest, OriginalEntry } from '../../shared/domain/outcome.ts';
import type { Api, Thing } from '../../shared/domain/thing.ts';
import type { PartitionHeader } from '../../shared/domain/partition-state.ts';
import type { Mastership, OutboxEntry } from './thing-store.ts';

export interface ThingRow {
  id: number;
  name: string;
  foo: number;
  created_on: Date;
  updated_on: Date;
  version: number;
  deleted: boolean;
  /** Added fields that are not their default. */
  added: object;
}

export interface AnswerRow {
  command_id: string;
  payload_hash: string;
  command_type: CommandType;
  thing_id: number | null;
  code: AnswerCode;
  current_version: number | null;
  field: string | null;
  name: string | null;
  foo: number | null;
  created_on: Date | null;
  updated_on: Date | null;
  version: number | null;
  deleted: boolean | null;
  added: object | null;
}

/** As `mastership` is selected (postgres-statements.ts). */
export interface MastershipRow {
  master: Api;
  epoch: number;
  masterSinceEpoch: number;
  refused_reason: string | null;
}

/** An entry of the outbox with the answer that it carries. */
export type OutboxRow = AnswerRow & {
  number: number;
  requested_on: Date | null;
  asked_version: number | null;
  asked_name: string | null;
  asked_foo: number | null;
  asked_created_on: Date | null;
  asked_updated_on: Date | null;
  asked_added: object | null;
  outbox_xid: string;
  outbox_id: number;
  outbox_partition: number;
  epoch: number;
  fence_epoch: number | null;
  id_floor: number | null;
};

/** The header of the fold as `mirror.header` has it. Older releases run beside this one, so the names are theirs. */
export interface HeaderRow extends Omit<PartitionHeader, 'master' | 'masterSinceEpoch'> {
  readonly owner: Api;
  readonly since: number;
}

export const headerOfRow = ({ owner, since, ...rest }: HeaderRow): PartitionHeader => ({
  ...rest,
  master: owner,
  masterSinceEpoch: since,
});

/** JSON. */
export const headerRow = ({ master, masterSinceEpoch, ...rest }: PartitionHeader): string => {
  const row: HeaderRow = { ...rest, owner: master, since: masterSinceEpoch };
  return JSON.stringify(row);
};

export const thingOfRow = (row: ThingRow): Thing => ({
  id: row.id,
  name: row.name,
  foo: row.foo,
  createdOn: row.created_on.getTime(),
  updatedOn: row.updated_on.getTime(),
  version: row.version,
  deleted: row.deleted,
  ...addedFieldsOfRow(row.added),
});

/** Throws UnknownFeatureError at a field that this release does not know: what is read by half is lost where it goes. */
const addedFieldsOfRow = (added: object): AddedFields => {
  checkKnown(Object.keys(added), "a row of Original's database");
  return addedFieldsOf(added);
};

export const decisionOfRow = (row: AnswerRow): Decision => {
  const answer: Answer = {
    commandId: row.command_id,
    payloadHash: row.payload_hash,
    commandType: row.command_type,
    thingId: row.thing_id,
    code: row.code,
    currentVersion: row.current_version,
    field: row.field,
  };
  // Name to deleted are there together, or not at all.
  const state = row.name === null ? null : thingOfRow({ ...row, id: row.thing_id } as ThingRow);
  return { answer, state };
};

/** What `apply_mirror` takes: JSON, timestamps in ISO 8601. */
export const mirrorRow = ({ answer, state }: Decision): object => ({
  command_id: answer.commandId,
  payload_hash: answer.payloadHash,
  command_type: answer.commandType,
  thing_id: answer.thingId,
  code: answer.code,
  current_version: answer.currentVersion,
  field: answer.field,
  ...(state === null ? {} : mirroredState(state)),
});

const mirroredState = (state: Thing): object => {
  const { foo: storedFoo, lossy } = clampedOriginalFoo(state.foo);
  return {
    id: state.id,
    name: state.name,
    foo: state.foo,
    stored_foo: storedFoo,
    lossy,
    created_on: new Date(state.createdOn).toISOString(),
    updated_on: new Date(state.updatedOn).toISOString(),
    version: state.version,
    deleted: state.deleted,
    added: fieldsSetIn(state),
  };
};

/** Throws when the partition is none. */
export const mastershipOf = ([row]: MastershipRow[]): Mastership => {
  if (row?.master == null) throw new Error('there is no such partition');
  const { master, epoch, masterSinceEpoch, refused_reason: refusedReason } = row;
  return { master, epoch, masterSinceEpoch, refusedReason };
};

const requestOf = (row: OutboxRow): DirectRequest | null =>
  row.requested_on === null
    ? null
    : {
        requestedOn: row.requested_on.getTime(),
        version: row.asked_version,
        name: row.asked_name,
        foo: row.asked_foo,
        createdOn: row.asked_created_on?.getTime() ?? null,
        updatedOn: row.asked_updated_on?.getTime() ?? null,
        ...addedFieldsOfRow(row.asked_added ?? {}),
      };

export const outboxEntryOfRow = (row: OutboxRow): OutboxEntry => {
  const decision: Decision | undefined = row.command_id === null ? undefined : decisionOfRow(row);
  const entry: OriginalEntry = {
    type: 'original-entry',
    number: row.number,
    request: requestOf(row),
    epoch: row.epoch,
    state: decision?.state ?? null,
    answer: decision?.answer ?? null,
    fence: row.fence_epoch === null ? null : { epoch: row.fence_epoch, idFloor: row.id_floor ?? 0 },
  };
  return { xid: row.outbox_xid, id: row.outbox_id, partition: row.outbox_partition, entry };
};
