import { expect, test } from 'vitest';
import { svgPlot } from './svg-plot.ts';

test('a plot has each series, each label and a point per value, and no markup of its own in names', () => {
  const svg = svgPlot({
    title: 'Memory',
    labels: ['1', '10'],
    xTitle: 'Things',
    unit: 'MB',
    series: [
      { name: 'a < b', values: [3, 7] },
      { name: 'other', values: [1, 2] },
    ],
  });
  expect(svg.match(/<circle/g)).toHaveLength(4);
  expect(svg).toContain('a &lt; b');
  expect(svg).toContain('>10</text>');
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
});
