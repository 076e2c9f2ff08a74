/** What a benchmark is: one ratio, of what the product does to what the least program does that has the same I/O. */
import type { BenchWorld } from './bench-world.ts';

/** Figures of one round, by the name of their measure. */
export type Sample = Readonly<Record<string, number>>;

export interface Measure {
  readonly name: string;
  readonly unit: 'ms' | 'per s' | 'MB';
  /** Of the ratio ours / bare: at most, where less is better; at least, where more is. Without one it is only shown. */
  readonly target?: { readonly atMost: number } | { readonly atLeast: number };
  /** Of our own figure, beside the ratio. */
  readonly limit?: { readonly atMost: number } | { readonly atLeast: number };
}

export interface Sides {
  ours(): Promise<Sample>;
  bare(): Promise<Sample>;
}

export interface Comparison {
  /** `make bench-NAME` runs the comparisons whose name begins so. */
  readonly name: string;
  readonly row: number;
  readonly ours: string;
  readonly bare: string;
  readonly measures: readonly Measure[];
  /** What it opens is closed with the world's lifecycle. */
  open(world: BenchWorld): Promise<Sides>;
}
