/**
 * A child process of store-damage.unit.test.ts: opens the store that store-damage.ts has filled, reads everything, has one page of
 * the file overwritten, and reads everything again. Prints one line of JSON: of each way to read, whether the answer was `right`
 * or `wrong`, or the damage was `damaged`, an error.
 *
 *   open-store-damage.ts FOLDER PAGE garbage|emptied|other
 */
import { closeSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { extentOf } from './log-extent.ts';
import { genesis } from './outcome-log.ts';
import type { Thing } from '../shared/domain/thing.ts';
import { silentLogger } from '../shared/process/logger.ts';
import { systemTime } from '../shared/process/time.ts';
import { openFoldStore } from '../shared/replica/lmdb-fold-store.ts';
import { StoreDamagedError } from '../shared/replica/store-damage.ts';

const PAGE_BYTES = 4_096;
/** What LMDB knows of a page before it looks at its entries. */
const HEADER_BYTES = 24;
const LIST_THINGS = 10;

const [folder, pageText, kind] = process.argv.slice(2);
if (folder === undefined || kind === undefined) throw new Error('open-store-damage.ts FOLDER PAGE KIND');
const log = extentOf([0, Number.MAX_SAFE_INTEGER, 0, 0]);
const store = await openFoldStore(folder, genesis('shiny'), log, silentLogger(), systemTime);
store.failed.catch(() => undefined);

const ids = [...store.thingsAfter(0)].map(({ id }) => id);
const lists = (): Thing[] => {
  const found: Thing[] = [];
  for (;;) {
    const before = found.length;
    for (const thing of store.thingsAfter(found.at(-1)?.id ?? 0)) {
      found.push(thing);
      if (found.length === before + LIST_THINGS) break;
    }
    if (found.length < before + LIST_THINGS) return found;
  }
};
const reads: Readonly<Record<string, () => unknown>> = {
  things: () => ids.map((id) => store.thing(id) ?? null),
  lists,
  answers: () => ids.map((_, index) => [...store.answers(`c${index}`)]),
  all: () => [...store.thingsAfter(0)],
};
const right = Object.fromEntries(Object.entries(reads).map(([name, read]) => [name, JSON.stringify(read())]));

const overwrite = (page: number): void => {
  const file = join(folder, 'fold.lmdb');
  const pages = statSync(file).size / PAGE_BYTES;
  const handle = openSync(file, 'r+');
  const content = Buffer.alloc(PAGE_BYTES, 0xaa);
  if (kind !== 'garbage') readSync(handle, content, 0, PAGE_BYTES, page * PAGE_BYTES);
  if (kind === 'emptied') content.fill(0, HEADER_BYTES);
  if (kind === 'other') readSync(handle, content, 0, PAGE_BYTES, ((page * 7 + 3) % pages) * PAGE_BYTES);
  writeSync(handle, content, 0, PAGE_BYTES, page * PAGE_BYTES);
  closeSync(handle);
};
const judged = (name: string, read: () => unknown): string => {
  try {
    return JSON.stringify(read()) === right[name] ? 'right' : 'wrong';
  } catch (error) {
    if (error instanceof StoreDamagedError) return 'damaged';
    throw error;
  }
};
overwrite(Number(pageText));
// A turn later, as the reads of one turn are of one moment.
await systemTime.sleep(1);
const result = Object.fromEntries(Object.entries(reads).map(([name, read]) => [name, judged(name, read)]));
writeSync(1, `${JSON.stringify(result)}\n`);
process.kill(process.pid, 'SIGKILL');
