/**
 * Interleaved rounds: ours, bare, bare, ours, … Machines are shared and noisy, so only the ratio within a round means
 * something; the median over the rounds is the result, and the distance of the quartiles its spread.
 */
import type { Sample, Sides } from './comparison.ts';

export interface Ratio {
  /** Medians over the rounds. */
  readonly ours: number;
  readonly bare: number;
  readonly ratio: number;
  /** Third quartile of the ratios less the first. */
  readonly spread: number;
}

/** The first round is thrown away: caches, connections and the JIT warm up in it. */
export const ROUNDS_THROWN_AWAY = 1;

/** By measure. `rounds` counts those that are kept. */
export const runRounds = async (
  sides: Sides,
  rounds: number,
  onRound: (round: number) => void,
): Promise<Map<string, Ratio>> => {
  const ours: Sample[] = [];
  const bare: Sample[] = [];
  for (let round = -ROUNDS_THROWN_AWAY; round < rounds; round++) {
    onRound(round + ROUNDS_THROWN_AWAY);
    const both: Partial<Record<keyof Sides, Sample>> = {};
    // Who comes first alternates, so that neither always runs in the other's wake.
    for (const side of round % 2 === 0 ? (['ours', 'bare'] as const) : (['bare', 'ours'] as const))
      both[side] = await sides[side]();
    if (round < 0) continue;
    ours.push(both.ours!);
    bare.push(both.bare!);
  }
  return ratiosOf(ours, bare);
};

export const ratiosOf = (ours: readonly Sample[], bare: readonly Sample[]): Map<string, Ratio> => {
  const names = Object.keys(ours[0] ?? {});
  return new Map(
    names.map((name) => {
      const own = ours.map((sample) => sample[name]!);
      const other = bare.map((sample) => sample[name]!);
      const ratios = own.map((value, round) => value / other[round]!);
      return [
        name,
        {
          ours: quantile(own, 0.5),
          bare: quantile(other, 0.5),
          ratio: quantile(ratios, 0.5),
          spread: quantile(ratios, 0.75) - quantile(ratios, 0.25),
        },
      ];
    }),
  );
};

/** Linear between the two nearest values. */
export const quantile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
};
