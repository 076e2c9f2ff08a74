/** Ends a process whose release does not know what is enabled. */
import { KNOWN_FEATURES, unknownFeature } from '../domain/features.ts';
import type { Outcome } from '../domain/outcome.ts';
import { StartError } from '../process/lifecycle.ts';

/** To start the process again as it is does not help: it has to be updated. */
export class UnknownFeatureError extends StartError {}

/** Of an outcome that counts. Throws UnknownFeatureError. `known`: of this release, else for tests and the simulator. */
export const checkDecided = (
  outcome: Outcome,
  partition: number,
  offset: number,
  known?: readonly string[],
): void => {
  if (outcome.type === 'decided' && outcome.feature !== null)
    checkKnown([outcome.feature], `outcomes/${partition} offset ${offset}`, known);
};

/** The same, of what is enabled before a place in the log. */
export const checkKnown = (
  features: readonly string[],
  place: string,
  known: readonly string[] = KNOWN_FEATURES,
): void => {
  if (features.length === 0) return;
  const fault = unknownFeature(features, place, known);
  if (fault !== undefined) throw new UnknownFeatureError(fault);
};
