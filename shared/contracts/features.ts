/** What the updater is asked about features, and what it answers (docs/adding-a-field.md). */
import { Type, type Static } from 'typebox';
import { FEATURE_PATTERN } from '../domain/features.ts';

const exact = { additionalProperties: false } as const;
export const FEATURE_BODY = Type.Object(
  {
    feature: Type.String({
      pattern: FEATURE_PATTERN.source,
      expected: 'the name of a feature: 1 to 64 letters, digits, _ and -',
    }),
  },
  exact,
);

export const FEATURES = Type.Object(
  {
    known: Type.Array(Type.String(), { description: 'Of the release of this updater.' }),
    partitions: Type.Array(
      Type.Object({ partition: Type.Integer({ minimum: 0 }), enabled: Type.Array(Type.String()) }, exact),
    ),
  },
  exact,
);

export type FeaturesJson = Static<typeof FEATURES>;
