/** How long nothing was answered, at the longest, by what was asked. */
import type { HistoryLine } from '../checker/history.ts';

export interface Unavailability {
  readonly what: string;
  readonly longestMs: number;
}

/** The longest time between two answers, while there was always somebody asking. */
export const longestUnavailability = (history: readonly HistoryLine[]): Unavailability[] => {
  const answered = history.filter(({ outcome }) => outcome === 'accepted' || outcome === 'conflict');
  const isRead = ({ kind }: HistoryLine): boolean => kind === 'read' || kind === 'read-latest';
  const groups: [string, (line: HistoryLine) => boolean][] = [
    ['reads', isRead],
    ['writes', (line) => !isRead(line)],
  ];
  return groups.map(([what, belongs]) => {
    const ends = Float64Array.from(answered.filter(belongs).map((line) => line.return)).toSorted();
    let longest = 0;
    for (let index = 1; index < ends.length; index++)
      longest = Math.max(longest, ends[index]! - ends[index - 1]!);
    return { what, longestMs: Math.round(longest / 1_000) };
  });
};
