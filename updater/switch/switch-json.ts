/** How switches and mastership look over HTTP. */
import { Type } from 'typebox';
import type { SwitchResult } from '../../shared/domain/switch-result.ts';
import { isoTime } from '../../shared/process/iso-time.ts';
import { pauseMs, type JournalEntry } from './switch-journal.ts';

export const SWITCH_DEADLINE_DEFAULT_MS = 2_000;
const SWITCH_DEADLINE_MAX_MS = 600_000;
export const PARTITIONS_MAX = 1_000;

const api = (expected: string) => Type.Union([Type.Literal('original'), Type.Literal('shiny')], { expected });
/** Above it no record can hold an epoch: then nothing would be sent, and the answer would be "not known". */
const EPOCH = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const time = Type.Optional(Type.String({ format: 'date-time' }));

export const SWITCH_BODY = Type.Object(
  {
    to: api('"original" or "shiny"'),
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

export interface SwitchBody {
  readonly to: 'original' | 'shiny';
  readonly partitions?: number[];
  readonly expected_epochs?: Record<string, number>;
  readonly deadline_ms?: number;
  readonly allow_loss?: boolean;
  readonly dry_run?: boolean;
}

export const SWITCH = Type.Object({
  id: Type.String(),
  to: Type.Optional(api('a master')),
  requested_on: time,
  deadline: time,
  partitions: Type.Array(
    Type.Object({
      partition: Type.Integer(),
      result: Type.Union(['switched', 'refused', 'skipped', 'pending'].map((word) => Type.Literal(word))),
      epoch: Type.Optional(Type.Integer({ description: 'Of the partition, after it.' })),
      reason: Type.Optional(Type.String()),
      pause_ms: Type.Optional(Type.Number({ description: 'How long its commands waited.' })),
      waited: Type.Optional(Type.Integer({ description: 'How many commands waited.' })),
      steps: Type.Object({
        begun_on: time,
        fenced_on: time,
        released_on: time,
        decided_on: time,
      }),
    }),
  ),
});

export type SwitchPartitionJson = ReturnType<typeof partitionJson>;
export interface SwitchJson {
  readonly id: string;
  readonly to?: 'original' | 'shiny';
  readonly requested_on?: string;
  readonly deadline?: string;
  readonly partitions: readonly SwitchPartitionJson[];
}

export interface KnownSwitch {
  readonly partition: number;
  readonly entry: JournalEntry | undefined;
  readonly result: SwitchResult | undefined;
}

export const switchJson = (id: string, known: readonly KnownSwitch[]): SwitchJson => {
  const entry = known.find((one) => one.entry !== undefined)?.entry;
  return {
    id,
    ...(entry === undefined
      ? {}
      : { to: entry.to, requested_on: isoTime(entry.requestedOn), deadline: isoTime(entry.deadline) }),
    partitions: known.map(partitionJson),
  };
};

const partitionJson = ({ partition, entry, result }: KnownSwitch) => {
  const pause = entry === undefined ? null : pauseMs(entry);
  const decidedOn = result?.decidedOn ?? null;
  return {
    partition,
    result: result?.result ?? ('pending' as const),
    ...(result === undefined ? {} : { epoch: result.epoch }),
    ...(result?.reason == null ? {} : { reason: result.reason }),
    ...(pause === null ? {} : { pause_ms: pause }),
    ...(entry?.waited == null ? {} : { waited: entry.waited }),
    steps: {
      ...stepTime('begun_on', entry?.begunOn ?? null),
      ...stepTime('fenced_on', entry?.fencedOn ?? null),
      ...stepTime('released_on', entry?.releasedOn ?? null),
      ...stepTime('decided_on', decidedOn),
    },
  };
};

const stepTime = (name: string, value: number | null): Record<string, string> =>
  value === null ? {} : { [name]: isoTime(value) };
