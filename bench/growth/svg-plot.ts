/** A small line plot as SVG: one or more series over values that need not be numbers on an axis. */

export interface Series {
  readonly name: string;
  /** One per label of the axis. */
  readonly values: readonly number[];
}

export interface Plot {
  readonly title: string;
  /** Below the axis. */
  readonly labels: readonly string[];
  readonly xTitle: string;
  readonly unit: string;
  readonly series: readonly Series[];
}

const WIDTH = 560;
const HEIGHT = 300;
const MARGIN = { left: 62, right: 130, top: 36, bottom: 46 };
const COLOURS = ['#1f6feb', '#bf3989', '#1a7f37', '#9a6700'];
const STEPS = 4;

export const svgPlot = ({ title, labels, xTitle, unit, series }: Plot): string => {
  const inner = { width: WIDTH - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };
  const top = niceTop(Math.max(...series.flatMap(({ values }) => values)));
  const x = (index: number): number => MARGIN.left + (inner.width * index) / Math.max(1, labels.length - 1);
  const y = (value: number): number => MARGIN.top + inner.height * (1 - value / top);
  const grid = Array.from({ length: STEPS + 1 }, (_, step) => {
    const value = (top * step) / STEPS;
    return (
      `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${round(y(value))}" y2="${round(y(value))}" stroke="#d0d7de"/>` +
      text(MARGIN.left - 8, y(value) + 4, trimmed(value), 'end')
    );
  });
  const lines = series.map(({ name, values }, index) => {
    const colour = COLOURS[index % COLOURS.length]!;
    const points = values.map((value, at) => `${round(x(at))},${round(y(value))}`);
    const dots = values.map(
      (value, at) =>
        `<circle cx="${round(x(at))}" cy="${round(y(value))}" r="3.5" fill="${colour}"><title>${escape(name)}: ${trimmed(value)} ${unit}</title></circle>`,
    );
    const label = text(WIDTH - MARGIN.right + 10, MARGIN.top + 14 + 20 * index, name, 'start', colour);
    return `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}${label}`;
  });
  const axis = labels.map((label, index) => text(x(index), HEIGHT - MARGIN.bottom + 18, label, 'middle'));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(MARGIN.left, 20, `${title}, ${unit}`, 'start', '#1f2328'),
    ...grid,
    ...axis,
    text(MARGIN.left + inner.width / 2, HEIGHT - 8, xTitle, 'middle'),
    ...lines,
    '</svg>',
    '',
  ].join('\n');
};

const text = (x: number, y: number, content: string, anchor: string, colour = '#57606a'): string =>
  `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="${colour}">${escape(content)}</text>`;

const escape = (content: string): string =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const round = (value: number): number => Math.round(value * 10) / 10;
const trimmed = (value: number): string => String(Number(value.toPrecision(3)));

/** The next of 1, 2, 5, 10, … above. */
const niceTop = (value: number): number => {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, Number.EPSILON)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= value)!;
};
