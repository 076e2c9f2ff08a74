import { expect, test } from 'vitest';
import { retryForever } from './retry-forever.ts';
import type { Logger } from './logger.ts';
import type { Time } from './time.ts';

test('what fails for a while is tried more and more slowly, and said once', async () => {
  let now = 0;
  const time = {
    monotonic: () => now,
    sleep: async (ms: number) => {
      now += ms;
    },
  } as Time;
  const said: string[] = [];
  const debugged: string[] = [];
  const logger = {
    warn: (_: object, sentence: string) => said.push(sentence),
    debug: (_: object, sentence: string) => debugged.push(sentence),
    info: (_: object, sentence: string) => said.push(sentence),
  } as unknown as Logger;
  let tries = 0;
  const done = await retryForever(
    'it fails',
    { logger, time },
    () => false,
    async () => {
      if (++tries <= 12) throw new Error('no');
      return 'done';
    },
  );
  expect(done).toBe('done');
  expect(said).toEqual(['it fails', 'it works again']);
  expect(debugged).toHaveLength(11);
  expect(now).toBeGreaterThan(5_000);
});
