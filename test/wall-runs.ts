/** For the tests of the wall: processes that are run to their end or beside a playground, and what a refusal looks like. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect } from 'vitest';
import { call, type Answer } from './http-client.ts';
import type { Service } from './playground.ts';

const main = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const folders: string[] = [];
/** Removed when the tests of the file have ended. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'migration-playground-wall-'));
  folders.push(folder);
  return folder;
};
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly status: number | null;
  readonly out: string;
}

/** Runs a process to its end. */
export const run = (
  path: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
) =>
  new Promise<Ended>((resolve) => {
    const child = execFile(
      process.execPath,
      [main(path), ...args],
      { env: { ...env, NODE_NO_WARNINGS: '1' }, timeout: 30_000, killSignal: 'SIGKILL' },
      (_error, stdout, stderr) => resolve({ status: child.exitCode, out: stdout + stderr }),
    );
  });

/** One more service beside a playground that runs, until the work is done. */
export const withService = async <T>(
  service: Service,
  env: Readonly<Record<string, string | undefined>>,
  work: (lines: readonly string[], ended: Promise<number | null>) => Promise<T>,
): Promise<T> => {
  const lines: string[] = [];
  const child = spawn(process.execPath, [main(`${service}/main.ts`)], { env });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => lines.push(chunk.toString()));
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', (status) => resolve(status));
  });
  try {
    return await work(lines, ended);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
};

export const expectRefused = (answer: Answer, status: number, code: string): void => {
  expect([answer.status, answer.headers['x-error-code']], answer.text).toEqual([status, code]);
  expect(Object.keys(answer.json as object)).toEqual(['error-message']);
};
export const createThing = (
  url: string,
  headers: Record<string, string> = {},
  body: object = { name: 'a', foo: 1 },
) => call('POST', `${url}/api/things/`, { body, headers });
