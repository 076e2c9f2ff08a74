/**
 * Features: parts of a release that clients may use once every process knows them. A field added to Things is a feature
 * with the field's name. An `enable` command in the log of each partition enables it: a process that does not know the
 * feature stops there, so no process that reads past it can lose the feature's data.
 */
import { ADDED_FIELDS, fieldsSetIn, type AddedFieldTable } from './added-fields.ts';

/** Of this release. */
export const KNOWN_FEATURES: readonly string[] = Object.keys(ADDED_FIELDS).toSorted();

/** A name as a field has it. */
export const FEATURE_PATTERN = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** Sorted, each once. */
export const withFeature = (features: readonly string[], feature: string): readonly string[] =>
  features.includes(feature) ? features : [...features, feature].toSorted();

/** Says of the first feature that this release does not know where it is enabled, and what to do. */
export const unknownFeature = (
  features: readonly string[],
  place: string,
  known: readonly string[] = KNOWN_FEATURES,
): string | undefined => {
  const unknown = features.find((feature) => !known.includes(feature));
  return unknown === undefined
    ? undefined
    : `feature ${unknown} is enabled at ${place}, this release does not know it: update it`;
};

/** Why a request with this content cannot be taken yet: it sets a field that is not enabled in its partition. */
export const notEnabled = (
  request: object,
  partition: number,
  features: readonly string[],
  table: AddedFieldTable = ADDED_FIELDS,
): string | undefined => {
  const field = Object.keys(fieldsSetIn(request, table)).find((name) => !features.includes(name));
  return field === undefined
    ? undefined
    : `"${field}" cannot be set yet: the feature ${field} is not enabled in partition ${partition}. ` +
        `When all services are updated, \`playground upgrade enable ${field}\` enables it`;
};
