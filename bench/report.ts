/** The table of the results, for a terminal and for the docs. */
import { table } from '../shared/process/text-table.ts';
import type { BenchResult, ResultRow } from './result.ts';

const HEAD = ['#', 'ours', 'bare', 'measure', 'ours', 'bare', 'ratio', 'spread', 'target', 'met'];

const figure = (value: number): string => {
  if (value >= 100) return String(Math.round(value));
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
};

const cells = (row: ResultRow): string[] => [
  String(row.row),
  row.what,
  row.bareWhat,
  `${row.measure}, ${row.unit}`,
  figure(row.ours),
  figure(row.bare),
  row.ratio?.toFixed(2) ?? '–',
  row.spread?.toFixed(2) ?? '–',
  row.target === '' ? '–' : row.target,
  row.met === undefined ? '–' : row.met ? 'yes' : 'no',
];

export const terminalTable = (rows: readonly ResultRow[]): string[] =>
  table(
    HEAD.filter((_, column) => column !== 2),
    rows.map((row) => cells(row).filter((_, column) => column !== 2)),
  );

/** Markdown, with a line that says where the numbers are from. */
const markdownTable = ({ ranOn, rounds, machine, rows }: BenchResult): string => {
  const line = (columns: readonly string[]): string => `| ${columns.join(' | ')} |`;
  const from = `${ranOn.slice(0, 10)}, ${machine.cores} shared cores, ${machine.platform}, node ${machine.node}, median of ${rounds} interleaved rounds.`;
  return [from, '', line(HEAD), line(HEAD.map(() => '---')), ...rows.map((row) => line(cells(row)))].join(
    '\n',
  );
};

const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';

/** Puts the table between the marks of a page. Throws when the page has none. */
export const withTable = (page: string, result: BenchResult): string => {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the page has no ${BEGIN} … ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${markdownTable(result)}\n\n${page.slice(end)}`;
};
