/** Starts the three services as processes, on one namespace, and keeps an eye on them. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createNamespace } from '../shared/log/namespace.ts';
import type { Genesis } from '../shared/domain/outcome.ts';
import {
  dataSettings,
  kafkaSettings,
  namespaceSettings,
  newNamespaceSettings,
  processSettings,
  registrySettings,
  httpSettings,
} from '../shared/process/common-settings.ts';
import { StartError, type Lifecycle } from '../shared/process/lifecycle.ts';
import type { Logger } from '../shared/process/logger.ts';
import { openLog } from '../shared/process/open-log.ts';
import type { SettingTable, SettingValues } from '../shared/process/settings.ts';
import { ORIGINAL_PORT_DEFAULT } from '../original-api/config.ts';
import { SHINY_PORT_DEFAULT } from '../shiny-api/config.ts';
import { UPDATER_PORT_DEFAULT } from '../updater/config.ts';
import { startGuarded, type GuardedProcess } from './stack/guarded-process.ts';

export const apisSettings = {
  ...namespaceSettings,
  ...newNamespaceSettings,
  ...httpSettings('ORIGINAL', ORIGINAL_PORT_DEFAULT),
  ...httpSettings('SHINY', SHINY_PORT_DEFAULT),
  ...httpSettings('UPDATER', UPDATER_PORT_DEFAULT),
  ...dataSettings,
  ...kafkaSettings,
  ...registrySettings,
  ...processSettings,
} satisfies SettingTable;

export type ApisSettings = SettingValues<typeof apisSettings>;

export interface Apis {
  readonly urls: Readonly<Record<'original-api' | 'shiny-api' | 'updater', string>>;
  /** Rejects with the last lines of the first service that ends by itself. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
  kill(): void;
}

const SERVICES = ['original-api', 'updater', 'shiny-api'] as const;
type Service = (typeof SERVICES)[number];
const PREFIX_WIDTH = Math.max(...SERVICES.map((name) => name.length));
const LINES_KEPT = 12;
const PROBE_EVERY_MS = 50;
const STOP_GRACE_MS = 1_500;

/** Creates the namespace if there is none. Throws StartError. */
export const prepareNamespace = async (
  settings: ApisSettings,
  lifecycle: Lifecycle,
  logger: Logger,
): Promise<Genesis> => {
  const { log, codec } = await openLog('run-apis', settings, lifecycle, logger);
  const genesis = await createNamespace(log, codec, {
    namespace: settings.NAMESPACE,
    partitions: settings.PARTITIONS,
    owner: settings.MASTER,
    id: randomUUID(),
    now: Date.now(),
  });
  await log.close();
  return genesis;
};

/** `env` is what the services get beside the settings; `print` gets their lines with a prefix. */
export const startApis = async (
  settings: ApisSettings,
  env: Readonly<Record<string, string | undefined>>,
  print: (line: string) => void,
  report: (line: string) => void,
): Promise<Apis> => {
  const urls = {
    'original-api': `http://${settings.ORIGINAL_HOST}:${settings.ORIGINAL_PORT}`,
    'shiny-api': `http://${settings.SHINY_HOST}:${settings.SHINY_PORT}`,
    updater: `http://${settings.UPDATER_HOST}:${settings.UPDATER_PORT}`,
  };
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  const running: GuardedProcess[] = [];
  let stopping = false;

  const start = (name: Service): void => {
    const lines: string[] = [];
    const service = startGuarded({
      command: process.execPath,
      args: [fileURLToPath(new URL(`../${name}/main.ts`, import.meta.url))],
      env: {
        ...env,
        ...settingsAsEnv(settings),
        ORIGINAL_URL: urls['original-api'],
        LOG_FORMAT: logFormat(settings),
      },
      stopSignal: 'TERM',
      onLine: (line) => {
        print(`${name.padEnd(PREFIX_WIDTH)} | ${line}`);
        lines.push(line);
        if (lines.length > LINES_KEPT) lines.shift();
      },
    });
    running.push(service);
    void service.ended.then((how) => {
      if (!stopping)
        reject(
          new StartError(
            `${name} ended with ${how}; its last lines:\n${lines.map((line) => `  ${line}`).join('\n')}`,
          ),
        );
    });
  };
  const stop = async (): Promise<void> => {
    stopping = true;
    // Shiny first, Original last: who needs whom.
    for (const service of running.toReversed()) await service.stop(settings.STOP_WAIT_MS + STOP_GRACE_MS);
  };

  const began = performance.now();
  for (const name of SERVICES) start(name);
  try {
    await Promise.race([
      failed,
      Promise.all(
        SERVICES.map(async (name, index) => {
          await untilReady(name, `${urls[name]}/health/ready`, settings.START_WAIT_MS);
          const pid = await running[index]!.pid;
          report(`${name} ready after ${((performance.now() - began) / 1000).toFixed(1)} s (process ${pid})`);
        }),
      ),
    ]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    urls,
    failed,
    stop,
    kill: () => {
      stopping = true;
      for (const service of running) service.kill();
    },
  };
};

const untilReady = async (name: Service, url: string, waitMs: number): Promise<void> => {
  let last = 'no answer yet';
  // A rebuild of the view may take longer than a start, but it shows progress in the log.
  for (const deadline = performance.now() + waitMs; ; await sleep(PROBE_EVERY_MS)) {
    try {
      const response = await fetch(url);
      last = await response.text();
      if (response.ok) return;
      if (response.status === 503) continue;
    } catch (error) {
      last = (error as Error).message;
    }
    if (performance.now() > deadline)
      throw new StartError(`${name} did not get ready within ${waitMs} ms: ${last}`);
  }
};

const settingsAsEnv = (settings: ApisSettings): Record<string, string> =>
  Object.fromEntries(
    Object.entries(settings)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, String(value)]),
  );

// The services write into a pipe; who looks at it decides.
const logFormat = ({ LOG_FORMAT }: ApisSettings): string =>
  LOG_FORMAT === 'auto' ? (process.stdout.isTTY === true ? 'pretty' : 'json') : LOG_FORMAT;
