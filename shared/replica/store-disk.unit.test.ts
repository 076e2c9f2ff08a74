import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { StartError } from '../process/lifecycle.ts';
import { storeDiskFault } from './store-disk-fault.ts';

const PROGRAM = fileURLToPath(new URL('../../test/fill-store.ts', import.meta.url));
const THINGS = 20_000;
/** Of `ulimit -f`, of 512 or 1024 bytes: a part of what the Things take. */
const FILE_MAX_BLOCKS = 5_000;
const TEST_MS = 120_000;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'migration-playground-disk-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Line {
  readonly level?: number;
  readonly msg?: string;
  readonly err?: { readonly message: string };
  readonly begun?: number;
  readonly things?: number;
}

const start = async (limit: string): Promise<{ status: number; lines: Line[] }> => {
  const args = ['-c', `trap '' XFSZ; ulimit -f ${limit}; exec "$@"`, 'sh', process.execPath, PROGRAM];
  const child = spawn('sh', [...args, folder, String(THINGS)], { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [status] = (await once(child, 'close')) as [number];
  const lines = output.split('\n').filter((line) => line !== '');
  return { status, lines: lines.map((line) => JSON.parse(line) as Line) };
};

test(
  'a disk that takes no more ends the process with a sentence; with room it goes on where it was, and nothing is lost',
  async () => {
    // Twice, as two ends in a row without a clean close would be taken for damage.
    for (let times = 0; times < 2; times++) {
      const { status, lines } = await start(String(FILE_MAX_BLOCKS));
      expect(status).toBe(1);
      const fatal = lines.find(({ level }) => level === 60);
      expect(fatal?.msg).toBe('the local store failed');
      // LMDB does not tell which of both it is.
      expect(fatal?.err?.message).toContain(
        `the local store cannot be written: the disk that holds ${folder} fails, or a limit on the size of files is reached`,
      );
      expect(fatal?.err?.message).toContain('Nothing is lost, as the log has everything');
      expect(lines.at(-1)?.msg).toBe('stopped');
      expect(readdirSync(folder).toSorted()).toEqual(['fold.lmdb', 'fold.lmdb-lock']);
    }
    const { status, lines } = await start('unlimited');
    expect([status, lines.at(-1)?.things]).toEqual([0, THINGS]);
    expect(lines.at(-1)?.begun).toBeGreaterThan(0);
  },
  TEST_MS,
);

test('what LMDB says of a disk is a StartError that names the folder; anything else stays what it is', () => {
  const noSpace = storeDiskFault(folder, Object.assign(new Error('No space left on device'), { code: 28 }));
  expect(noSpace).toBeInstanceOf(StartError);
  expect(noSpace).toHaveProperty('message', expect.stringContaining(`the disk that holds ${folder} is full`));
  const other = Object.assign(new Error('MDB_CORRUPTED'), { code: -30_796 });
  expect(storeDiskFault(folder, other)).toBe(other);
});
