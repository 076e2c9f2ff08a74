/** Collects violations: all are counted, the first few of each kind are kept. */
import {
  VIOLATION_KINDS,
  VIOLATIONS_PER_KIND_MAX,
  type Evidence,
  type Violation,
  type ViolationKind,
} from './certificate.ts';

export type Report = (kind: ViolationKind, message: string, excerpt: readonly Evidence[]) => void;

export interface Violations {
  readonly report: Report;
  readonly counts: Readonly<Record<ViolationKind, number>>;
  readonly kept: readonly Violation[];
}

export const collectViolations = (): Violations => {
  const counts = Object.fromEntries(VIOLATION_KINDS.map((kind) => [kind, 0])) as Record<
    ViolationKind,
    number
  >;
  const kept: Violation[] = [];
  return {
    counts,
    kept,
    report: (kind, message, excerpt) => {
      counts[kind] += 1;
      if (counts[kind] <= VIOLATIONS_PER_KIND_MAX) kept.push({ kind, message, excerpt });
    },
  };
};
