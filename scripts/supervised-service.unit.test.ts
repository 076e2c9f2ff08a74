import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EXIT_CANNOT_START } from '../shared/process/lifecycle.ts';
import { startGuarded } from './stack/guarded-process.ts';
import { startSupervised } from './supervised-service.ts';

/** Of what takes some 100 ms: other tests run beside this one. */
const POLL_MAX_MS = 10_000;

const supervise = (
  script: string,
  more: { givenUpRetryMs?: number; settledAfterMs?: number; restartDelayMaxMs?: number } = {},
) => {
  const said: string[] = [];
  const service = startSupervised({
    name: 'it',
    start: (onLine) => startGuarded({ command: 'sh', args: ['-c', script], stopSignal: 'TERM', onLine }),
    onLine: () => undefined,
    report: (line) => said.push(line),
    ...more,
  });
  return { service, said };
};

test('what ends before it was ready is not started again, and its last lines are told', async () => {
  const { service } = supervise('echo no port >&2; exit 3');
  await expect(service.failed).rejects.toThrow('it ended with status 3; its last lines:\n  no port');
});

test('what dies later is started again, until it is stopped', async () => {
  const { service, said } = supervise('exec sleep 30');
  const first = await service.pid();
  service.supervise();
  process.kill(first, 'SIGKILL');
  await expect
    .poll(() => said.at(-1), { timeout: POLL_MAX_MS })
    .toMatch(/^it started again \(process \d+\)$/);
  expect(said[0]).toBe('it ended with signal 9, starting it again in 100 ms (1 of 10)');
  expect(await service.pid()).not.toBe(first);
  await service.stop(5_000);
  expect(said).toHaveLength(2);
});

test('what says that it cannot start is given up at once, with its sentence, and comes back when the cause is mended', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'supervised-'));
  const mended = join(folder, 'mended');
  writeFileSync(mended, '');
  const script = `test -e ${mended} && exec sleep 30; echo no port; exit ${EXIT_CANNOT_START}`;
  const { service, said } = supervise(script, { givenUpRetryMs: 50, settledAfterMs: 300 });
  service.supervise();
  const first = await service.pid();
  rmSync(mended);
  process.kill(first, 'SIGKILL');
  expect(await service.givenUp).toMatch(
    /^it is given up: it ended with status 78: it cannot start.*other services go on.*every 0.05 s.*last lines:\n {2}no port$/s,
  );
  writeFileSync(mended, '');
  await expect.poll(() => said.at(-1), { timeout: POLL_MAX_MS }).toBe('it is back, and lives');
  expect(said.filter((line) => line.includes('given up'))).toHaveLength(1);
  await expect(Promise.race([service.failed, Promise.resolve('not failed')])).resolves.toBe('not failed');
  await service.stop(5_000);
  rmSync(folder, { recursive: true });
});

test('what dies ten times in a row is given up, and still tried now and then', async () => {
  const { service, said } = supervise('exit 1', { givenUpRetryMs: 20, restartDelayMaxMs: 20 });
  service.supervise();
  expect(await service.givenUp).toMatch(/ended with status 1 for the 11th time in a row/);
  const pid = await service.pid().catch(() => 0);
  await expect.poll(() => service.pid().catch(() => pid), { timeout: POLL_MAX_MS }).not.toBe(pid);
  expect(said.filter((line) => line.includes('given up'))).toHaveLength(1);
  await service.stop(5_000);
});
