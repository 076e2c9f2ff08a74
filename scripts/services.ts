/** Starts the three services as processes, on one namespace, and starts again what dies. */
import { randomUUID } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createNamespace } from '../shared/records/namespace.ts';
import type { Genesis } from '../shared/domain/outcome.ts';
import {
  dataSettings,
  kafkaSettings,
  namespaceSettings,
  newNamespaceSettings,
  processSettings,
  registrySettings,
  httpSettings,
} from '../shared/boot/common-settings.ts';
import {
  internalSecretOf,
  internalSecretSettings,
  wallParts,
  wallSettings,
} from '../shared/http/wall-settings.ts';
import { StartError, type Lifecycle } from '../shared/process/lifecycle.ts';
import type { Logger } from '../shared/process/logger.ts';
import { openLog } from '../shared/boot/open-log.ts';
import { takeFolder } from '../shared/process/own-folder.ts';
import type { SettingTable, SettingValues } from '../shared/process/settings.ts';
import { ORIGINAL_PORT_DEFAULT } from '../original-api/config.ts';
import { SHINY_PORT_DEFAULT } from '../shiny-api/config.ts';
import { UPDATER_PORT_DEFAULT } from '../updater/config.ts';
import { startGuarded } from './stack/guarded-process.ts';
import { startSupervised } from './supervised-service.ts';

export const servicesSettings = {
  ...namespaceSettings,
  ...newNamespaceSettings,
  ...httpSettings('ORIGINAL', ORIGINAL_PORT_DEFAULT),
  ...httpSettings('SHINY', SHINY_PORT_DEFAULT),
  ...httpSettings('UPDATER', UPDATER_PORT_DEFAULT),
  ...dataSettings,
  ...kafkaSettings,
  ...registrySettings,
  ...wallSettings,
  ...internalSecretSettings,
  ...processSettings,
} satisfies SettingTable;

export type ServicesSettings = SettingValues<typeof servicesSettings>;

export interface Services {
  readonly urls: Readonly<Record<Service, string>>;
  /** Of the process that runs now. */
  pid(service: Service): Promise<number>;
  /** Rejects when a service does not get ready, with its last lines, and, with `endWhenGivenUp`, when it is given up. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
  kill(): void;
}

const SERVICES = ['original-api', 'updater', 'shiny-api'] as const;
export type Service = (typeof SERVICES)[number];
const PREFIX_WIDTH = Math.max(...SERVICES.map((name) => name.length));
const PROBE_EVERY_MS = 50;
const PROBE_TIMEOUT_MS = 5_000;
const STOP_GRACE_MS = 1_500;

/** Throws StartError when a service would refuse to listen where it is told to; before anything is started. */
export const checkWalls = (settings: ServicesSettings): void => {
  for (const host of [settings.ORIGINAL_HOST, settings.SHINY_HOST, settings.UPDATER_HOST])
    wallParts(settings, host);
};

/** Creates the namespace if there is none. Throws StartError. */
export const prepareNamespace = async (
  settings: ServicesSettings,
  lifecycle: Lifecycle,
  logger: Logger,
): Promise<Genesis> => {
  checkWalls(settings);
  const { log, codec } = await openLog('run-apis', settings, lifecycle, logger);
  const genesis = await createNamespace(log, codec, {
    namespace: settings.NAMESPACE,
    partitions: settings.PARTITIONS,
    master: settings.MASTER,
    id: randomUUID(),
    now: Date.now(),
  });
  await log.close();
  return genesis;
};

export interface StartServicesOptions {
  /** Of the namespace: what answers with another is somebody else's. */
  readonly genesis: Genesis;
  /** What the services get beside the settings. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Gets their lines, with a prefix. */
  readonly print: (line: string) => void;
  readonly report: (line: string) => void;
  /** Where the others find Original, if not at its own address. */
  readonly originalUrl?: string;
  /** A service that is given up fails the whole; for runs that nobody watches. */
  readonly endWhenGivenUp?: boolean;
}

export const startServices = async (
  settings: ServicesSettings,
  { genesis, env, print, report, originalUrl, endWhenGivenUp = false }: StartServicesOptions,
): Promise<Services> => {
  const urls = {
    'original-api': urlOf(settings.ORIGINAL_HOST, settings.ORIGINAL_PORT),
    'shiny-api': urlOf(settings.SHINY_HOST, settings.SHINY_PORT),
    updater: urlOf(settings.UPDATER_HOST, settings.UPDATER_PORT),
  };
  const serviceEnv = {
    ...env,
    ...settingsAsEnv(settings),
    ORIGINAL_URL: originalUrl ?? urls['original-api'],
    LOG_FORMAT: logFormat(settings),
    // The same at each restart, whatever becomes of the file.
    INTERNAL_SECRET: internalSecretOf(settings),
  };
  takeFolder(settings.DATA_DIR, 'data');
  const began = performance.now();
  const services = SERVICES.map((name) =>
    startSupervised({
      name,
      start: (onLine) =>
        startGuarded({
          command: process.execPath,
          args: [fileURLToPath(new URL(`../${name}/main.ts`, import.meta.url))],
          env: serviceEnv,
          stopSignal: 'TERM',
          onLine,
        }),
      onLine: (line) => print(`${name.padEnd(PREFIX_WIDTH)} | ${line}`),
      report,
    }),
  );
  const ends = services.map(async ({ failed, givenUp }) => {
    if (!endWhenGivenUp) return failed;
    throw new StartError(await Promise.race([givenUp, failed]));
  });
  const failed = Promise.race(ends);
  failed.catch(() => undefined);
  const stop = async (): Promise<void> => {
    // Shiny first, Original last: who needs whom.
    for (const service of services.toReversed()) await service.stop(settings.STOP_WAIT_MS + STOP_GRACE_MS);
  };
  const ready = services.map(async (service, index) => {
    const name = SERVICES[index]!;
    await untilReady(name, `${urls[name]}/health/ready`, settings.START_WAIT_MS, {
      genesis: genesis.id,
      pid: () => service.pid(),
    });
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    report(`${name} ready after ${seconds} s (process ${await service.pid()})`);
  });
  try {
    await Promise.race([failed, Promise.all(ready)]);
  } catch (error) {
    await stop();
    throw error;
  }
  for (const service of services) service.supervise();
  return {
    urls,
    pid: (service) => services[SERVICES.indexOf(service)]!.pid(),
    failed,
    stop,
    kill: () => {
      for (const service of services) service.kill();
    },
  };
};

/** Whose answer counts: on a port that was taken, it is somebody else's. */
interface Expected {
  readonly genesis: string;
  readonly pid: () => Promise<number>;
}

const untilReady = async (name: Service, url: string, waitMs: number, expected: Expected): Promise<void> => {
  let last = 'no answer yet';
  // A rebuild of the view may take longer than a start, but it shows progress in the log.
  for (const deadline = performance.now() + waitMs; ; await sleep(PROBE_EVERY_MS)) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
      const text = await response.text();
      const stranger = await strangerIn(text, expected);
      last = stranger ?? text;
      if (response.ok && stranger === undefined) return;
      if (response.status === 503 && stranger === undefined) continue;
    } catch (error) {
      last = (error as Error).message;
    }
    if (performance.now() > deadline)
      throw new StartError(`${name} did not get ready within ${waitMs} ms: ${last}`);
  }
};

/** What is wrong with who answered, or undefined when it is the process that we started. */
const strangerIn = async (text: string, { genesis, pid }: Expected): Promise<string | undefined> => {
  const answer = (parsed(text) ?? {}) as { genesis?: unknown; pid?: unknown };
  const ours = await pid();
  if (answer.pid === ours && answer.genesis === genesis) return undefined;
  return (
    `its port answers as process ${String(answer.pid)} of genesis ${String(answer.genesis)}, ` +
    `but ours is process ${ours} of genesis ${genesis}`
  );
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const ANY_ADDRESS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** Where a service that listens on `host` is reached from here. */
export const urlOf = (host: string, port: number): string => {
  const reached = ANY_ADDRESS[host] ?? host;
  return `http://${isIPv6(reached) ? `[${reached}]` : reached}:${port}`;
};

const settingsAsEnv = (settings: ServicesSettings): Record<string, string> =>
  Object.fromEntries(
    Object.entries(settings)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, String(value)]),
  );

// The services write into a pipe; who looks at it decides.
const logFormat = ({ LOG_FORMAT }: ServicesSettings): string =>
  LOG_FORMAT === 'auto' ? (process.stdout.isTTY === true ? 'pretty' : 'json') : LOG_FORMAT;
