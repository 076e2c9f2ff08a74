/** What a run of the benchmarks came to, as it is written to JSON, and whether it is worse than another. */
import type { Comparison, Measure } from './kit/comparison.ts';
import type { Ratio } from './kit/rounds.ts';

export interface ResultRow extends Omit<Ratio, 'ratio' | 'spread'> {
  /** Null where only our own figure has a limit: the bare one may be nothing. */
  readonly ratio: number | null;
  readonly spread: number | null;
  readonly row: number;
  /** Of the comparison. */
  readonly name: string;
  readonly what: string;
  readonly bareWhat: string;
  readonly measure: string;
  readonly unit: string;
  /** In words; empty if there is none. */
  readonly target: string;
  /** Undefined without a target. */
  readonly met?: boolean;
}

export interface BenchResult {
  /** ISO 8601. */
  readonly ranOn: string;
  readonly rounds: number;
  readonly machine: { readonly cores: number; readonly node: string; readonly platform: string };
  readonly rows: readonly ResultRow[];
}

export const resultRows = (
  { row, name, ours: what, bare: bareWhat, measures }: Comparison,
  ratios: ReadonlyMap<string, Ratio>,
): ResultRow[] =>
  measures.map((measure) => {
    const ratio = ratios.get(measure.name);
    if (ratio === undefined) throw new Error(`${name} has no ${measure.name}`);
    const met = isMet(measure, ratio);
    const isCompared = measure.limit === undefined || measure.target !== undefined;
    return {
      row,
      name,
      what,
      bareWhat,
      measure: measure.name,
      unit: measure.unit,
      ...ratio,
      ...(isCompared ? {} : { ratio: null, spread: null }),
      target: targetText(measure),
      ...(met === undefined ? {} : { met }),
    };
  });

type Bound = { readonly atMost: number } | { readonly atLeast: number };

const holds = (bound: Bound, value: number): boolean =>
  'atMost' in bound ? value <= bound.atMost : value >= bound.atLeast;

const isMet = ({ target, limit }: Measure, { ratio, ours }: Ratio): boolean | undefined => {
  if (target === undefined && limit === undefined) return undefined;
  return (target === undefined || holds(target, ratio)) && (limit === undefined || holds(limit, ours));
};

const targetText = ({ target, limit, unit }: Measure): string => {
  const text = (bound: Bound, suffix: string): string =>
    'atMost' in bound ? `≤ ${bound.atMost}${suffix}` : `≥ ${bound.atLeast}${suffix}`;
  return [target && text(target, ''), limit && text(limit, ` ${unit}`)].filter(Boolean).join(', ');
};

/** Two runs on a shared machine differ by so much at least, as a share of the recorded ratio. */
const NOISE_SHARE = 0.15;

/**
 * The rows of `now` that are worse than what was recorded: the ratio by more than the spreads of both, or a limit that was
 * kept and is not kept any more. A row that was not recorded, or has no target, is not judged.
 */
export const worseRows = (recorded: readonly ResultRow[], now: readonly ResultRow[]): ResultRow[] =>
  now.filter((row) => {
    const before = recorded.find(({ name, measure }) => name === row.name && measure === row.measure);
    if (before?.met === undefined) return false;
    if (before.ratio === null || row.ratio === null) return before.met && row.met !== true;
    const allowed = Math.max(before.spread! + row.spread!, NOISE_SHARE * before.ratio);
    const isMoreBetter = row.unit === 'per s';
    return isMoreBetter ? row.ratio < before.ratio - allowed : row.ratio > before.ratio + allowed;
  });
