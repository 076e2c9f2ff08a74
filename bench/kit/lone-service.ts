/** One service alone, as a process, on a log that was filled: for what can be measured without the others. */
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../../scripts/stack/ports.ts';
import { startGuarded } from '../../scripts/stack/guarded-process.ts';
import type { BenchWorld } from './bench-world.ts';

export interface LoneService {
  readonly url: string;
  readonly pid: number;
  /** From its start until it said that it is ready. */
  readonly readyMs: number;
  stop(): Promise<void>;
}

const READY_WAIT_MS = 300_000;
const POLL_MS = 5;
const STOP_WAIT_MS = 20_000;
/** Nobody is there: it is asked for nothing while Shiny is master. */
const NO_ORIGINAL = 'http://127.0.0.1:9';

export const startLoneService = async (
  world: BenchWorld,
  name: 'shiny-api' | 'updater',
  env: { readonly NAMESPACE: string; readonly DATA_DIR: string; readonly KAFKA_CLIENT?: string },
): Promise<LoneService> => {
  const [port] = await freePorts(1);
  const began = performance.now();
  const lines: string[] = [];
  const running = startGuarded({
    command: process.execPath,
    args: [fileURLToPath(new URL(`../../${name}/main.ts`, import.meta.url))],
    env: {
      ...process.env,
      ...world.stack,
      ORIGINAL_URL: NO_ORIGINAL,
      SHINY_PORT: String(port),
      UPDATER_PORT: String(port),
      LOG_LEVEL: 'warn',
      LOG_FORMAT: 'json',
      ...env,
    },
    stopSignal: 'TERM',
    onLine: (line) => lines.push(line),
  });
  world.lifecycle.onClose(name, () => running.stop(STOP_WAIT_MS));
  const url = `http://127.0.0.1:${port}`;
  const isReady = (): Promise<boolean> =>
    fetch(`${url}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  const startFailed = (why: string): Error => new Error(`${name} ${why}:\n${lines.join('\n')}`);
  let hasEnded = false;
  void running.ended.then(() => (hasEnded = true));
  while (!(await isReady())) {
    if (hasEnded) throw startFailed('has ended');
    if (performance.now() - began > READY_WAIT_MS) throw startFailed('is not ready');
    await sleep(POLL_MS);
  }
  return {
    url,
    pid: await running.pid,
    readyMs: performance.now() - began,
    stop: () => running.stop(STOP_WAIT_MS),
  };
};
