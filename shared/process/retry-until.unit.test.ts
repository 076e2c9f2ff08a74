import { expect, test } from 'vitest';
import { StartError } from './lifecycle.ts';
import { silentLogger, type Logger } from './logger.ts';
import { retryUntil } from './retry-until.ts';

test('an attempt that neither succeeds nor fails is not waited for without end, and it is said for whom', async () => {
  const waiting = retryUntil('the registry', 50, silentLogger(), () => new Promise(() => undefined), 60);
  await expect(waiting).rejects.toThrow(
    'the registry did not answer within 50 ms: an attempt took longer than 60 ms',
  );
  await expect(waiting).rejects.toThrow(StartError);
});

test('a reason is said once, not once per try', async () => {
  const said: unknown[] = [];
  const logger = { info: ({ reason }: { reason: string }) => said.push(reason) } as unknown as Logger;
  let tries = 0;
  const found = await retryUntil('Kafka', 10_000, logger, async () => {
    tries++;
    if (tries < 4) throw new Error(tries < 3 ? 'refused' : 'not ready');
    return tries;
  });
  expect(found).toBe(4);
  expect(said).toEqual(['refused', 'not ready']);
});

test('what fails to the end is an error with the last reason', async () => {
  const waiting = retryUntil('Kafka', 150, silentLogger(), async () => {
    throw new Error('refused');
  });
  await expect(waiting).rejects.toThrow('Kafka did not answer within 150 ms: refused');
});

test('what will never be ends the wait at once', async () => {
  const waiting = retryUntil('Kafka', 60_000, silentLogger(), async () => {
    throw new StartError('not ours');
  });
  await expect(waiting).rejects.toThrow('not ours');
});
