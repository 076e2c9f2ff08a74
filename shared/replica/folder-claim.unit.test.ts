import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StartError } from '../process/lifecycle.ts';
import { claimFolder } from './folder-claim.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migration-playground-claim-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Another process that has the folder. */
const otherOwner = async (): Promise<ChildProcess> => {
  const module = new URL('./folder-claim.ts', import.meta.url).href;
  const program = `const { claimFolder } = await import(${JSON.stringify(module)});
    await claimFolder(${JSON.stringify(folder)});
    console.log('has it');
    setTimeout(() => {}, 60_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
};

test('the second process is refused by name of the folder, also through another path; a killed one leaves nothing', async () => {
  const master = await otherOwner();
  try {
    const link = `${folder}-link`;
    symlinkSync(folder, link);
    try {
      for (const path of [folder, link])
        await expect(claimFolder(path)).rejects.toThrow(
          new StartError(
            `the folder ${path} is in use by another process: end that one, or give this one another DATA_DIR`,
          ),
        );
    } finally {
      rmSync(link);
    }
  } finally {
    const ended = once(master, 'exit');
    master.kill('SIGKILL');
    await ended;
  }
  const release = await claimFolder(folder);
  await expect(claimFolder(folder)).rejects.toThrow(/in use/);
  release();
  expect(readdirSync(folder)).toEqual([]);
  (await claimFolder(folder))();
});

test('a file with the number of a living process, as older releases left it, is no hindrance', async () => {
  writeFileSync(join(folder, 'used-by.pid'), '1\n');
  (await claimFolder(folder))();
});
