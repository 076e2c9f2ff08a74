/** What a load came to, in all and in the last moment. */
import type { HistoryLine } from '../checker/history.ts';
import { percentile } from '../../shared/process/percentile.ts';

export interface LoadSummary {
  readonly seconds: number;
  readonly operations: number;
  readonly perSecond: number;
  /** From when an operation was due to its answer, tries included; milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Said no by the compare-and-set. */
  readonly conflicts: number;
  /** Tries without an answer. */
  readonly unknown: number;
  /** Tries that were turned away, nothing written. */
  readonly refused: number;
  /** Operations without an answer in the end. */
  readonly givenUp: number;
}

export interface LoadStats {
  tried(line: HistoryLine): void;
  ended(latencyMs: number, answered: boolean): void;
  /** Since the last call. */
  moment(): LoadSummary;
  total(): LoadSummary;
  /** Forgets what was: the warm-up is over. */
  reset(): void;
}

interface Counts {
  latencies: number[];
  conflicts: number;
  unknown: number;
  refused: number;
  givenUp: number;
  since: number;
}

export const createLoadStats = (monotonic: () => number): LoadStats => {
  const fresh = (): Counts => ({
    latencies: [],
    conflicts: 0,
    unknown: 0,
    refused: 0,
    givenUp: 0,
    since: monotonic(),
  });
  let all = fresh();
  let recent = fresh();
  const summary = (counts: Counts): LoadSummary => {
    const sorted = Float64Array.from(counts.latencies).toSorted();
    const seconds = (monotonic() - counts.since) / 1_000;
    const ms = (share: number): number => Math.round(10 * percentile([...sorted], share)) / 10;
    const { conflicts, unknown, refused, givenUp } = counts;
    const operations = sorted.length;
    return {
      seconds: Math.round(10 * seconds) / 10,
      operations,
      perSecond: Math.round(operations / seconds),
      p50: ms(0.5),
      p99: ms(0.99),
      max: ms(1),
      conflicts,
      unknown,
      refused,
      givenUp,
    };
  };
  return {
    tried: ({ outcome, kind }) => {
      for (const counts of [all, recent]) {
        if (outcome === 'unknown') counts.unknown++;
        else if (outcome === 'refused') counts.refused++;
        else if (outcome === 'conflict' && !kind.startsWith('read')) counts.conflicts++;
      }
    },
    ended: (latencyMs, answered) => {
      for (const counts of [all, recent]) {
        counts.latencies.push(latencyMs);
        if (!answered) counts.givenUp++;
      }
    },
    moment: () => {
      const moment = summary(recent);
      recent = fresh();
      return moment;
    },
    total: () => summary(all),
    reset: () => {
      all = fresh();
      recent = fresh();
    },
  };
};

export const summaryLine = (of: LoadSummary): string =>
  `${of.operations} operations in ${of.seconds} s (${of.perSecond}/s), p50 ${of.p50} ms, p99 ${of.p99} ms, max ${of.max} ms; ` +
  `conflicts ${of.conflicts}, unknown ${of.unknown}, refused ${of.refused}` +
  (of.givenUp > 0 ? `, given up ${of.givenUp}` : '');
