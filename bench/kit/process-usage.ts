/** What a process takes, from `ps`: the same on every system. */
import { execFileSync } from 'node:child_process';

const ps = (field: string, pid: number): string =>
  execFileSync('ps', ['-o', `${field}=`, '-p', String(pid)], { encoding: 'utf8' }).trim();

/** Resident memory, in MB. */
export const memoryMb = (pid: number): number => Number(ps('rss', pid)) / 1_024;

/** Watches the memory until it is told to stop, and says how far it grew, in MB. */
export const watchGrowth = (pid: number, everyMs: number): (() => number) => {
  const before = memoryMb(pid);
  let peak = before;
  const timer = setInterval(() => {
    peak = Math.max(peak, memoryMb(pid));
  }, everyMs);
  return () => {
    clearInterval(timer);
    return Math.max(peak, memoryMb(pid)) - before;
  };
};

/** What it has used so far. From its own metrics, as `ps` has seconds only. */
export const cpuSecondsOf = async (url: string): Promise<number> => {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const [, seconds] = /^process_cpu_seconds_total(?:\{[^}]*\})? ([\d.e+-]+)/m.exec(metrics) ?? [];
  if (seconds === undefined) throw new Error(`${url} does not say what CPU it uses`);
  return Number(seconds);
};
