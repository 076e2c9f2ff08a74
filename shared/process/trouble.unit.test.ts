import { expect, test } from 'vitest';
import type { Logger } from './logger.ts';
import { createTrouble, REPEAT_EVERY_MS } from './trouble.ts';

const recorded = () => {
  const lines: [level: string, sentence: string, failures: unknown][] = [];
  const at =
    (level: string) =>
    ({ failures }: { failures?: unknown }, sentence: string): void => {
      lines.push([level, sentence, failures]);
    };
  const logger = { debug: at('debug'), info: at('info'), warn: at('warn') } as unknown as Logger;
  return { logger, lines };
};

test('a trouble is warned of once, then now and then, and its end is said', () => {
  const { logger, lines } = recorded();
  let now = 0;
  const trouble = createTrouble(logger, 'it fails', () => now);
  for (; now < REPEAT_EVERY_MS + 1_000; now += 1_000) trouble.met(new Error('no'));
  trouble.over();
  trouble.over();
  const said = lines.filter(([level]) => level !== 'debug');
  expect(said).toEqual([
    ['warn', 'it fails', 1],
    ['warn', 'it fails', 31],
    ['info', 'it works again', 31],
  ]);
  trouble.met(new Error('no'));
  expect(lines.at(-1)).toEqual(['warn', 'it fails', 1]);
});

test('what failed once and then worked needs no second line', () => {
  const { logger, lines } = recorded();
  const trouble = createTrouble(logger, 'it fails');
  trouble.met(new Error('no'));
  trouble.over();
  expect(lines).toHaveLength(1);
});
