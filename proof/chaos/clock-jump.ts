/**
 * Loaded into a service by `--import`: its wall clock is as far off as the file of its name in CLOCK_FOLDER says, milliseconds. The
 * monotonic clock goes on as it is, as it does on a machine whose clock is set.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const LOOK_EVERY_MS = 100;
const folder = process.env['CLOCK_FOLDER'];
const service = basename(dirname(process.argv[1] ?? ''));

const offset = (): number => {
  try {
    return Number(readFileSync(join(folder!, service), 'utf8')) || 0;
  } catch {
    return 0;
  }
};

if (folder !== undefined) {
  let byMs = offset();
  setInterval(() => {
    byMs = offset();
  }, LOOK_EVERY_MS).unref();
  const RealDate = Date;
  const now = RealDate.now.bind(RealDate);
  globalThis.Date = class extends RealDate {
    constructor(...args: readonly unknown[]) {
      super(...((args.length === 0 ? [now() + byMs] : args) as [number]));
    }
    static override now(): number {
      return now() + byMs;
    }
  } as DateConstructor;
}
