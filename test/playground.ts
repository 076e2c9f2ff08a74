/** Starts the playground as a user would, as processes of its own, for the end-to-end tests. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { drawSecret } from '../shared/process/secret-file.ts';
import { freePorts } from '../scripts/stack/ports.ts';
import type { StackAddresses } from '../scripts/stack/stack.ts';
import type { Api } from '../shared/domain/thing.ts';
import { freshNamespace } from './fresh-database.ts';

export type Service = 'original-api' | 'shiny-api' | 'updater';

export interface PlaygroundSettings {
  readonly master: Api;
  /** Undefined: embedded, one process with nothing else. */
  readonly stack: StackAddresses | undefined;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Playground {
  readonly namespace: string;
  readonly original: string;
  readonly shiny: string;
  readonly updater: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Everything printed so far, by line. */
  readonly lines: readonly string[];
  /** Of a service, where they are processes. */
  pid(service: Service): number;
  /** Starts again after `ended`, on the same namespace, ports and data. */
  start(): Promise<void>;
  /** The exit status, once it has ended. */
  ended(): Promise<number | null>;
  /** Ends it gently, and returns the exit status. */
  end(): Promise<number | null>;
  /** Ends it and wipes what it left. */
  stop(): Promise<void>;
}

const READY_WAIT_MS = 60_000;

export const startPlayground = async ({
  master,
  stack,
  env = {},
}: PlaygroundSettings): Promise<Playground> => {
  const [originalPort, shinyPort, updaterPort] = await freePorts(3);
  const namespace = freshNamespace();
  const folder = mkdtempSync(join(tmpdir(), 'migration-playground-e2e-'));
  const script = stack === undefined ? 'run.ts' : 'run-apis.ts';
  const complete = {
    ...process.env,
    NODE_NO_WARNINGS: '1',
    NAMESPACE: namespace,
    MASTER: master,
    DATA_DIR: folder,
    // So that one more service of a test, with a folder of its own, is one of them.
    INTERNAL_SECRET: drawSecret(),
    ORIGINAL_PORT: String(originalPort),
    SHINY_PORT: String(shinyPort),
    UPDATER_PORT: String(updaterPort),
    ...(stack ?? { EMBEDDED: 'true' }),
    ...env,
  };
  const lines: string[] = [];
  let child: ChildProcess | undefined;
  let exit: Promise<number | null> = Promise.resolve(null);

  const start = async (): Promise<void> => {
    const running = spawn(
      process.execPath,
      [fileURLToPath(new URL(`../scripts/${script}`, import.meta.url))],
      {
        env: complete,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    child = running;
    const ready = Promise.withResolvers<void>();
    const onLine = (line: string): void => {
      lines.push(line);
      if (line.startsWith('Ready after')) ready.resolve();
    };
    createInterface({ input: running.stdout }).on('line', onLine);
    createInterface({ input: running.stderr }).on('line', onLine);
    exit = new Promise((resolve) => {
      running.once('exit', resolve);
    });
    const timeout = setTimeout(
      () => ready.reject(new Error(`not ready in time:\n${lines.join('\n')}`)),
      READY_WAIT_MS,
    );
    void exit.then((status) => ready.reject(new Error(`ended with ${status}:\n${lines.join('\n')}`)));
    await ready.promise.finally(() => clearTimeout(timeout));
  };
  const end = (): Promise<number | null> => {
    child?.kill('SIGTERM');
    return exit;
  };

  await start();
  return {
    namespace,
    original: `http://127.0.0.1:${originalPort}`,
    shiny: `http://127.0.0.1:${shinyPort}`,
    updater: `http://127.0.0.1:${updaterPort}`,
    env: complete,
    lines,
    pid: (service) => {
      const said = lines.findLast(
        (line) => line.startsWith(`${service} ready after`) || line.startsWith(`${service} started again`),
      );
      return Number(/process (\d+)/.exec(said ?? '')?.[1]);
    },
    start,
    ended: () => exit,
    end,
    stop: async () => {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
