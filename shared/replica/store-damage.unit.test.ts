import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const PAGE_BYTES = 4_096;
const STARTS_MAX = 3;
const TEST_MS = 300_000;
const CHILD_MS = 20_000;
const programFile = (name: string): string => fileURLToPath(new URL(`../../test/${name}`, import.meta.url));

interface Read {
  /** From where it went on to read the log. */
  readonly begun: number;
  /** Of everything that it read from its store. */
  readonly digest: string;
}

/** Undefined: it ended without an answer. */
const start = (folder: string, ...args: string[]): Promise<Read | undefined> =>
  run<Read>('store-damage.ts', folder, ...args);

/** The line that it prints. */
const run = async <T>(program: string, ...args: string[]): Promise<T | undefined> => {
  const child = spawn(process.execPath, [programFile(program), ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: CHILD_MS,
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(child, 'close');
  return output === '' ? undefined : (JSON.parse(output) as T);
};

let folder: string;
let right: Read;
let whole: Buffer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'migration-playground-damage-'));
  const first = join(folder, 'first');
  right = (await start(first))!;
  whole = readFileSync(join(first, 'fold.lmdb'));
  expect(right.begun).toBe(0);
}, TEST_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As a supervisor: started again until it answers. Each answer has to be the right one. */
const expectRight = async (what: string, bytes: Buffer): Promise<Read> => {
  const own = mkdtempSync(join(folder, 'case-'));
  try {
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, 'fold.lmdb'), bytes);
    for (let starts = 1; starts <= STARTS_MAX; starts++) {
      const read = await start(own);
      if (read === undefined) continue;
      expect(read.digest, what).toBe(right.digest);
      return read;
    }
    throw new Error(`${what}: no answer after ${STARTS_MAX} starts`);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
};

const withPage = (page: number, content: Buffer): Buffer => {
  const bytes = Buffer.from(whole);
  content.copy(bytes, page * PAGE_BYTES);
  return bytes;
};
const pageOf = (page: number): Buffer => whole.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES);

/** Two at a time, as the children mostly wait. */
const forEachPage = async (work: (page: number) => Promise<void>): Promise<void> => {
  const pages = [...Array(whole.length / PAGE_BYTES).keys()];
  const worker = async (): Promise<void> => {
    for (let page = pages.shift(); page !== undefined; page = pages.shift()) await work(page);
  };
  await Promise.all([worker(), worker()]);
};

test(
  'a whole file is read as it is: nothing of the log comes again',
  async () => {
    expect((await expectRight('the file as it was', whole)).begun).toBeGreaterThan(0);
  },
  TEST_MS,
);

test(
  'any page overwritten with garbage, or with zeros, in the end gives the right answers, and never a wrong one',
  async () => {
    let rebuilt = 0;
    const garbage = Buffer.alloc(PAGE_BYTES, 0xaa);
    const zeros = Buffer.alloc(PAGE_BYTES);
    await forEachPage(async (page) => {
      const read = await expectRight(`garbage in page ${page}`, withPage(page, garbage));
      if (read.begun === 0) rebuilt++;
      await expectRight(`zeros in page ${page}`, withPage(page, zeros));
    });
    // Not all pages are in use.
    expect(rebuilt).toBeGreaterThan(5);
  },
  TEST_MS,
);

test(
  'the same for two pages that changed places, older states of pages among them',
  async () => {
    await forEachPage(async (page) => {
      const other = (page * 7 + 3) % (whole.length / PAGE_BYTES);
      const swapped = withPage(page, pageOf(other));
      pageOf(page).copy(swapped, other * PAGE_BYTES);
      await expectRight(`pages ${page} and ${other} swapped`, swapped);
      await expectRight(`page ${other} in the place of page ${page}`, withPage(page, pageOf(other)));
    });
  },
  TEST_MS,
);

test(
  'the same for a file that was cut anywhere',
  async () => {
    const cut = join(folder, 'cut');
    await forEachPage(async (page) => {
      if (page % 3 !== 0) return;
      writeFileSync(`${cut}-${page}`, whole);
      truncateSync(`${cut}-${page}`, page * PAGE_BYTES + (page % 2) * 100);
      await expectRight(`cut in page ${page}`, readFileSync(`${cut}-${page}`));
      rmSync(`${cut}-${page}`);
    });
  },
  TEST_MS,
);

test(
  'a page that is overwritten while the store is open: a right answer, or the damage as an error, and a rebuild at the next start',
  async () => {
    let found = 0;
    for (const kind of ['garbage', 'emptied', 'other']) {
      await forEachPage(async (page) => {
        const own = mkdtempSync(join(folder, 'open-'));
        writeFileSync(join(own, 'fold.lmdb'), whole);
        const judged = await run<Record<string, string>>('open-store-damage.ts', own, String(page), kind);
        const answers = Object.values(judged ?? {});
        expect(answers, `${kind} in page ${page}`).not.toContain('wrong');
        if (answers.includes('damaged')) {
          found++;
          // It is noted, so one start is enough.
          expect(await start(own)).toEqual(right);
        }
        rmSync(own, { recursive: true, force: true });
      });
    }
    expect(found).toBeGreaterThan(15);
  },
  TEST_MS,
);

test(
  'two processes in a row that end without closing the store soon after they opened it: the third builds it anew',
  async () => {
    const own = join(folder, 'killed');
    mkdirSync(own);
    copyFileSync(join(folder, 'first', 'fold.lmdb'), join(own, 'fold.lmdb'));
    const begun = [];
    for (const args of [['kill'], ['kill'], [], []]) {
      const read = await start(own, ...args);
      expect(read?.digest).toBe(right.digest);
      begun.push(read!.begun);
    }
    expect(begun).toEqual([expect.any(Number), expect.any(Number), 0, begun[0]]);
    expect(begun[1]).toBeGreaterThan(0);
  },
  TEST_MS,
);
