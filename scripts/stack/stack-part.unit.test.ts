import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startPart } from './stack-part.ts';

const WAIT_MS = 5_000;

test('a full disk under the log of a part is said, and the part goes on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stack-part-'));
  const logs = join(folder, 'logs');
  mkdirSync(logs);
  symlinkSync('/dev/full', join(logs, 'it.log'));
  const said = Promise.withResolvers<string>();
  const part = await startPart({
    name: 'It',
    logs,
    waitMs: WAIT_MS,
    report: said.resolve,
    command: 'sh',
    args: ['-c', 'echo a; echo b; exec sleep 30'],
    stopSignal: 'TERM',
    probe: async () => undefined,
  });
  expect(await said.promise).toBe(
    `the log of It is not written any more: the disk that holds ${join(logs, 'it.log')} is full: make room there, or choose another folder`,
  );
  process.kill(await part.process.pid, 0);
  await part.stop();
  rmSync(folder, { recursive: true });
});
