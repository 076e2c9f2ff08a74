/** Tables for a terminal: columns as wide as their widest cell, numbers to the right. */
export type Cell = string | number | undefined;

export const table = (head: readonly string[], rows: readonly (readonly Cell[])[]): string[] => {
  const texts = rows.map((row) => row.map((cell) => (cell === undefined ? '' : String(cell))));
  const widths = head.map((name, column) =>
    Math.max(name.length, ...texts.map((row) => (row[column] ?? '').length)),
  );
  const isNumber = head.map((_, column) => rows.every((row) => typeof row[column] !== 'string'));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        isNumber[column] === true ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd();
  return [line(head), ...texts.map(line)];
};
