/** What the updater is asked about mastership and switches, and what it answers: for its routes, the document, and its clients. */
import { Type, type Static } from 'typebox';

const exact = { additionalProperties: false } as const;
const COUNT = Type.Integer({ minimum: 0 });
const API = Type.Union([Type.Literal('original'), Type.Literal('shiny')]);
const TIME = Type.String({ format: 'date-time' });

/**
 * deciding    commands are decided, by this updater or (as far as it knows) by none yet
 * standing-by another updater decides
 * switching   the master changes: commands wait, none is refused
 * stuck       something does not go on, and is tried again
 * diverged    Original and the log contradict each other: somebody has to act
 */
export const PARTITION_STATES = ['deciding', 'standing-by', 'switching', 'stuck', 'diverged'] as const;
export type PartitionState = (typeof PARTITION_STATES)[number];

/** Answer of GET /api/mastership. `owner` is the master. */
export const MASTERSHIP = Type.Object(
  {
    namespace: Type.String(),
    partitions: Type.Array(
      Type.Object(
        {
          partition: COUNT,
          owner: API,
          epoch: COUNT,
          position: Type.Integer({
            minimum: -1,
            description: 'Of the last command that counted; -1 before the first.',
          }),
          state: Type.Unsafe<PartitionState>(
            Type.Union(PARTITION_STATES.map((state) => Type.Literal(state))),
          ),
          since: Type.Optional(TIME),
          reason: Type.Optional(Type.String()),
          waiting: Type.Integer({ minimum: 0, description: 'Commands that wait for their decision.' }),
          lag: Type.Union([COUNT, Type.Null()], {
            description: 'Outcomes that this updater has not folded; null when the log does not say.',
          }),
          switch: Type.Optional(
            Type.Object(
              {
                id: Type.String(),
                to: API,
                requested_on: TIME,
                step: Type.Union([
                  Type.Literal('waiting'),
                  Type.Literal('begun'),
                  Type.Literal('fenced'),
                  Type.Literal('released'),
                ]),
              },
              exact,
            ),
          ),
        },
        exact,
      ),
    ),
  },
  exact,
);

export type MastershipJson = Static<typeof MASTERSHIP>;
export type PartitionMastershipJson = MastershipJson['partitions'][number];

/** Answer of POST /api/switches with `dry_run`. */
export const DRY_RUN = Type.Object(
  {
    dry_run: Type.Literal(true),
    to: API,
    partitions: Type.Array(
      Type.Object(
        {
          partition: COUNT,
          would: Type.Union([Type.Literal('switch'), Type.Literal('refuse'), Type.Literal('skipped')]),
          problems: Type.Array(Type.String()),
          epoch: COUNT,
          lag: Type.Object({ relay: COUNT, mirror: COUNT, view: COUNT, commands: COUNT }, exact),
          lossy: Type.Object({ count: COUNT, first: Type.Array(Type.String()) }, exact),
          forecast_pause_ms: COUNT,
        },
        exact,
      ),
    ),
  },
  exact,
);

export type PartitionPrecheck = Static<typeof DRY_RUN>['partitions'][number];

export const SWITCH_DEADLINE_DEFAULT_MS = 2_000;
const SWITCH_DEADLINE_MAX_MS = 600_000;
export const PARTITIONS_MAX = 1_000;

/** Above it no record can hold an epoch: then nothing would be sent, and the answer would be "not known". */
const EPOCH = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

export const SWITCH_BODY = Type.Object(
  {
    to: Type.Union(API.anyOf, { expected: '"original" or "shiny"' }),
    partitions: Type.Optional(
      Type.Array(Type.Integer({ minimum: 0 }), {
        minItems: 1,
        maxItems: PARTITIONS_MAX,
        uniqueItems: true,
        expected: 'a list of different partitions; without it, all that have another master',
      }),
    ),
    expected_epochs: Type.Optional(
      // Not a Type.Record: the document would lose the pattern.
      Type.Unsafe<Record<string, number>>({
        type: 'object',
        propertyNames: { pattern: '^(0|[1-9][0-9]{0,5})$' },
        additionalProperties: EPOCH,
        expected: 'epochs by partition, such as {"3": 4}, each an integer from 0 to 2^53 - 1',
      }),
    ),
    deadline_ms: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: SWITCH_DEADLINE_MAX_MS,
        expected: `milliseconds, 1 to ${SWITCH_DEADLINE_MAX_MS}`,
      }),
    ),
    allow_loss: Type.Optional(Type.Boolean({ expected: 'true or false' })),
    dry_run: Type.Optional(Type.Boolean({ expected: 'true or false' })),
  },
  { additionalProperties: false },
);

export type SwitchBody = Static<typeof SWITCH_BODY>;

/** Answer of POST /api/switches and GET /api/switches/ID. */
export const SWITCH = Type.Object({
  id: Type.String(),
  to: Type.Optional(API),
  requested_on: Type.Optional(TIME),
  deadline: Type.Optional(TIME),
  partitions: Type.Array(
    Type.Object({
      partition: Type.Integer(),
      result: Type.Union([
        Type.Literal('switched'),
        Type.Literal('refused'),
        Type.Literal('skipped'),
        Type.Literal('pending'),
      ]),
      epoch: Type.Optional(Type.Integer({ description: 'Of the partition, after it.' })),
      reason: Type.Optional(Type.String()),
      pause_ms: Type.Optional(Type.Number({ description: 'How long its commands waited.' })),
      waited: Type.Optional(Type.Integer({ description: 'How many commands waited.' })),
      steps: Type.Object({
        begun_on: Type.Optional(TIME),
        fenced_on: Type.Optional(TIME),
        released_on: Type.Optional(TIME),
        decided_on: Type.Optional(TIME),
      }),
    }),
  ),
});

export type SwitchJson = Static<typeof SWITCH>;
