/**
 * What the Original API offers to the updater and to Shiny, beside its public routes: the decision of a command of the log with
 * its fencing epoch, reads that say who is master, and the row of mastership. Both sides are written against this file, and check
 * what they get by it. Releases run side by side, so the names on the wire stay what they were: `owner` is the master, `token` the
 * fencing epoch.
 */
import { Type, type Static, type TSchema } from 'typebox';
import { DECIMAL_PATTERN } from '../domain/thing-schema.ts';
import { addedSchemas } from '../domain/added-fields.ts';
import type { ThingCommand } from '../domain/command.ts';
import type { Api, Thing } from '../domain/thing.ts';

/** Whose Original this is: genesis-check.ts `Identity`. */
export const INTERNAL_IDENTITY_PATH = '/internal/identity';
export const INTERNAL_DECIDE_PATH = '/internal/decide';
export const internalThingPath = (id: number | ':id'): string => `/internal/things/${id}`;

/** The ends of the feed, once everything is in it that was acknowledged before the request. */
export const INTERNAL_FEED_ENDS_PATH = '/internal/feed-ends';

export interface InternalDecideBody {
  readonly partition: number;
  /** The fencing epoch: the fold's epoch at the command's predecessor. */
  readonly token: number;
  /** Without added fields that have their default: the other side may not know them, and sets them if it does. */
  readonly command: ThingCommand;
}

/** `?past=E&wait_ms=W` waits for an epoch above E, W milliseconds at most. */
export const internalMastershipPath = (partition: number | ':partition'): string =>
  `/internal/mastership/${partition}`;
/** The compare-and-set of the row to a new epoch; see original-api/store/thing-store.ts. */
export const INTERNAL_FENCE_PATH = '/internal/fence';
export const INTERNAL_ABORT_PATH = '/internal/abort-switch';

export interface InternalFenceBody {
  readonly partition: number;
  readonly epoch: number;
}

export interface InternalAbortBody extends InternalFenceBody {
  readonly reason: string;
}

const SAFE_MAX = Number.MAX_SAFE_INTEGER;
const API = Type.Union([Type.Literal('original'), Type.Literal('shiny')]);
const EPOCH = Type.Integer({ minimum: 0, maximum: SAFE_MAX });
const thingId = Type.Integer();
const version = Type.Integer();
const time = Type.Union([Type.Integer(), Type.Null()]);
const asked = { commandId: Type.String(), requestedOn: Type.Integer(), payloadHash: Type.String() };
const fields = {
  name: Type.String(),
  foo: Type.Number(),
  ...addedSchemas(() => Type.Optional(Type.Unknown())),
};
const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
/** A Thing as the log has it; an added field is missing where Original does not know it. */
const THING = Type.Object({
  id: thingId,
  ...fields,
  createdOn: Type.Integer(),
  updatedOn: Type.Integer(),
  version,
  deleted: Type.Boolean(),
});

/** Answers may have more than is written here: Original may be of a newer release. */
export const INTERNAL_DECISION = Type.Object({
  answer: Type.Object({
    commandId: Type.String(),
    payloadHash: Type.String(),
    commandType: Type.Union([Type.Literal('create'), Type.Literal('update'), Type.Literal('delete')]),
    thingId: nullable(thingId),
    code: Type.Union(
      (['accepted', 'absent', 'conflict', 'readonly', 'unrepresentable', 'reused'] as const).map((code) =>
        Type.Literal(code),
      ),
    ),
    currentVersion: nullable(version),
    field: nullable(Type.String()),
  }),
  state: nullable(THING),
});

/** The row of a partition, and how far the parts of Original are that a switch waits for. */
export const INTERNAL_MASTERSHIP = Type.Object({
  owner: API,
  epoch: EPOCH,
  refusedReason: nullable(Type.String()),
  /** Outbox entries that are not published, counted up to OUTBOX_COUNT_MAX. */
  unpublished: Type.Integer(),
  /** Offset of the next outcome that the mirror applies. */
  mirrorNext: Type.Integer(),
  /** Says of the oldest transaction in the database server that it is open for long, and whose it is. */
  oldestTransaction: Type.Optional(Type.String()),
});
export type InternalMastershipJson = Readonly<Static<typeof INTERNAL_MASTERSHIP>>;
export interface InternalMastership extends Omit<InternalMastershipJson, 'owner'> {
  readonly master: Api;
}
export const mastershipJson = ({ master, ...rest }: InternalMastership): InternalMastershipJson => ({
  owner: master,
  ...rest,
});
export const mastershipOfJson = ({ owner, ...rest }: InternalMastershipJson): InternalMastership => ({
  master: owner,
  ...rest,
});

/** `since`: the epoch of the last change of master. */
export const INTERNAL_THING = Type.Object({ owner: API, since: EPOCH, thing: nullable(THING) });
export interface InternalThingJson {
  readonly owner: Api;
  readonly since: number;
  readonly thing: Thing | null;
}
export interface InternalThing {
  readonly master: Api;
  readonly masterSinceEpoch: number;
  readonly thing: Thing | null;
}
export const internalThingJson = ({ master, masterSinceEpoch, thing }: InternalThing): InternalThingJson => ({
  owner: master,
  since: masterSinceEpoch,
  thing,
});
export const internalThingOfJson = ({ owner, since, thing }: InternalThingJson): InternalThing => ({
  master: owner,
  masterSinceEpoch: since,
  thing,
});

export const INTERNAL_FEED_ENDS = Type.Array(Type.Integer({ minimum: 0 }));

const exact = { additionalProperties: false } as const;
const partition = Type.Integer({ minimum: 0, maximum: SAFE_MAX, expected: 'a partition' });

/** Fields and their types; their ranges are those of every decider (shared/domain/command-check.ts). */
export const INTERNAL_DECIDE_BODY = Type.Object(
  {
    partition,
    token: Type.Integer({ minimum: 0, maximum: SAFE_MAX, expected: 'an epoch' }),
    command: Type.Union(
      [
        Type.Object({ type: Type.Literal('create'), ...asked, ...fields }, exact),
        Type.Object(
          {
            type: Type.Literal('update'),
            ...asked,
            ...fields,
            thingId,
            version,
            createdOn: time,
            updatedOn: time,
          },
          exact,
        ),
        Type.Object({ type: Type.Literal('delete'), ...asked, thingId, version }, exact),
      ],
      { expected: 'a create, update or delete command, with all its fields' },
    ),
  },
  exact,
);

const partitionAndEpoch = {
  partition,
  epoch: Type.Integer({ minimum: 1, maximum: SAFE_MAX, expected: 'an epoch' }),
};
export const INTERNAL_FENCE_BODY = Type.Object(partitionAndEpoch, exact);
export const INTERNAL_ABORT_BODY = Type.Object(
  {
    ...partitionAndEpoch,
    reason: Type.String({
      minLength: 1,
      maxLength: 1_000,
      format: 'plain-text',
      expected: 'a text of 1 to 1000 characters without NUL or unpaired surrogates',
    }),
  },
  exact,
);
export const INTERNAL_MASTERSHIP_PARAMS = Type.Object({
  partition: Type.String({ pattern: DECIMAL_PATTERN }),
});
export const FEED_ENDS_WAIT_MAX_MS = 10_000;
export const INTERNAL_FEED_ENDS_QUERY = Type.Object(
  {
    wait_ms: Type.Optional(
      Type.Integer({ minimum: 0, maximum: FEED_ENDS_WAIT_MAX_MS, expected: 'milliseconds' }),
    ),
  },
  { additionalProperties: false },
);
const MASTERSHIP_WAIT_MAX_MS = 2_000;
export const INTERNAL_MASTERSHIP_QUERY = Type.Object(
  {
    past: Type.Optional(Type.Integer({ minimum: 0, maximum: SAFE_MAX, expected: 'an epoch' })),
    wait_ms: Type.Optional(
      Type.Integer({ minimum: 0, maximum: MASTERSHIP_WAIT_MAX_MS, expected: 'milliseconds' }),
    ),
  },
  { additionalProperties: false },
);

export const INTERNAL_THING_PARAMS = Type.Object({ id: Type.String({ pattern: DECIMAL_PATTERN }) });
