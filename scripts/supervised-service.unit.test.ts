import { expect, test } from 'vitest';
import { startGuarded } from './stack/guarded-process.ts';
import { startSupervised } from './supervised-service.ts';

const supervise = (script: string) => {
  const said: string[] = [];
  const service = startSupervised({
    name: 'it',
    start: (onLine) => startGuarded({ command: 'sh', args: ['-c', script], stopSignal: 'TERM', onLine }),
    onLine: () => undefined,
    report: (line) => said.push(line),
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
  await expect.poll(() => said.at(-1)).toMatch(/^it started again \(process \d+\)$/);
  expect(said[0]).toBe('it ended with signal 9, starting it again in 100 ms (1 of 10)');
  expect(await service.pid()).not.toBe(first);
  await service.stop(5_000);
  expect(said).toHaveLength(2);
});
