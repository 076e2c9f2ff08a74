/** What /api/mastership and a dry run of a switch answer, for the OpenAPI document. */
import { Type } from 'typebox';
import { PARTITION_STATES } from '../partition/partition-status.ts';

const exact = { additionalProperties: false } as const;
const count = Type.Integer({ minimum: 0 });
const api = Type.Union([Type.Literal('original'), Type.Literal('shiny')]);
const oneOf = (...words: string[]) => Type.Union(words.map((word) => Type.Literal(word)));
const time = Type.String({ format: 'date-time' });

export const MASTERSHIP = Type.Object(
  {
    namespace: Type.String(),
    partitions: Type.Array(
      Type.Object(
        {
          partition: count,
          owner: api,
          epoch: count,
          position: Type.Integer({
            minimum: -1,
            description: 'Of the last command that counted; -1 before the first.',
          }),
          state: oneOf(...PARTITION_STATES),
          since: Type.Optional(time),
          reason: Type.Optional(Type.String()),
          waiting: Type.Integer({ minimum: 0, description: 'Commands that wait for their decision.' }),
          lag: Type.Union([count, Type.Null()], {
            description: 'Outcomes that this updater has not folded; null when the log does not say.',
          }),
          switch: Type.Optional(
            Type.Object(
              {
                id: Type.String(),
                to: api,
                requested_on: time,
                step: oneOf('waiting', 'begun', 'fenced', 'released'),
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

export const DRY_RUN = Type.Object(
  {
    dry_run: Type.Literal(true),
    to: api,
    partitions: Type.Array(
      Type.Object(
        {
          partition: count,
          would: oneOf('switch', 'refuse', 'skipped'),
          problems: Type.Array(Type.String()),
          epoch: count,
          lag: Type.Object({ relay: count, mirror: count, view: count, commands: count }, exact),
          lossy: Type.Object({ count, first: Type.Array(Type.String()) }, exact),
          forecast_pause_ms: count,
        },
        exact,
      ),
    ),
  },
  exact,
);
