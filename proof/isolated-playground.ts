/** A playground of one's own, for the chaos and the benchmarks: free ports, a temporary folder, settings from nowhere else. */
import type { Api } from '../shared/domain/thing.ts';
import type { KafkaClientName } from '../shared/log/kafka-access.ts';
import type { Lifecycle } from '../shared/process/lifecycle.ts';
import { silentLogger } from '../shared/process/logger.ts';
import { readSettings } from '../shared/process/settings.ts';
import { VERSION } from '../shared/process/version.ts';
import {
  servicesSettings,
  prepareNamespace,
  startServices,
  type Services,
  type ServicesSettings,
} from '../scripts/services.ts';
import type { Addresses } from '../scripts/client/config.ts';
import { stackSettings, type StackSettings } from '../scripts/stack/config.ts';
import { freePorts } from '../scripts/stack/ports.ts';
import type { StackAddresses } from '../scripts/stack/stack.ts';
import { removeTemporaryFolder, temporaryFolder } from '../scripts/stack/temporary-folder.ts';

const STACK_WAIT_MS = 120_000;

/** Removed at the end. */
export const isolatedFolder = (prefix: string, lifecycle: Lifecycle): string => {
  const folder = temporaryFolder(prefix);
  lifecycle.onClose('folder', async () => removeTemporaryFolder(folder));
  return folder;
};

export const isolatedStackSettings = async (
  folder: string,
  kafkaJvmOptions = stackSettings.KAFKA_JVM_OPTIONS.default,
): Promise<StackSettings> => {
  const [kafka, controller, registry, postgres] = await freePorts(4);
  return {
    STACK_DIR: folder,
    KAFKA_PORT: kafka!,
    KAFKA_CONTROLLER_PORT: controller!,
    KAFKA_JVM_OPTIONS: kafkaJvmOptions,
    REGISTRY_PORT: registry!,
    POSTGRES_PORT: postgres!,
    STACK_WAIT_MS,
  };
};

export interface IsolatedServicesParts {
  readonly stack: StackAddresses;
  readonly namespace: string;
  readonly master: Api;
  readonly kafkaClient: KafkaClientName;
  /** Of the local stores. */
  readonly dataDir: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly print: (line: string) => void;
  readonly report: (line: string) => void;
  /** Where the others find Original, given where it is. */
  readonly originalUrlFor?: (originalUrl: string) => Promise<string>;
}

export interface IsolatedServices {
  readonly addresses: Addresses;
  readonly namespace: string;
  readonly settings: ServicesSettings;
  /** Of the services and of the `playground` command. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Those that run now. */
  services(): Services;
  /** Stops the three services, and starts them again after `work`, on the same addresses and data. */
  whileStopped(work: () => Promise<void>): Promise<void>;
}

/** Creates the namespace and starts the three services. Throws StartError. */
export const startIsolatedServices = async (
  {
    stack,
    namespace,
    master,
    kafkaClient,
    dataDir,
    env = {},
    print,
    report,
    originalUrlFor,
  }: IsolatedServicesParts,
  lifecycle: Lifecycle,
): Promise<IsolatedServices> => {
  const [originalPort, shinyPort, updaterPort] = await freePorts(3);
  const complete = {
    KAFKA_CLIENT: kafkaClient,
    NAMESPACE: namespace,
    MASTER: master,
    DATA_DIR: dataDir,
    ...stack,
    ORIGINAL_PORT: String(originalPort),
    SHINY_PORT: String(shinyPort),
    UPDATER_PORT: String(updaterPort),
    // On loopback, where its clients send no token.
    API_TOKEN: '',
    API_TOKEN_FILE: '',
    LOG_LEVEL: 'warn',
    LOG_FORMAT: 'json',
    ...env,
  };
  const program = { name: 'isolated playground', purpose: '', version: VERSION, settings: servicesSettings };
  const result = readSettings(program, [], complete);
  if (result.kind !== 'values') throw new Error(JSON.stringify(result));
  const settings = result.values;
  const genesis = await prepareNamespace(settings, lifecycle, silentLogger());
  const addresses = {
    originalUrl: `http://127.0.0.1:${originalPort}`,
    shinyUrl: `http://127.0.0.1:${shinyPort}`,
    updaterUrl: `http://127.0.0.1:${updaterPort}`,
  };
  const originalUrl = (await originalUrlFor?.(addresses.originalUrl)) ?? addresses.originalUrl;
  const start = async (): Promise<Services> => {
    const started = await startServices(settings, {
      genesis,
      endWhenGivenUp: true,
      env: { ...process.env, ...complete },
      print,
      report,
      originalUrl,
    });
    lifecycle.failWith('a service', started.failed);
    return started;
  };
  let services = await start();
  lifecycle.onClose('services', () => services.stop());
  lifecycle.onKill(() => services.kill());
  return {
    addresses,
    namespace,
    settings,
    env: complete,
    services: () => services,
    whileStopped: async (work) => {
      await services.stop();
      await work();
      services = await start();
    },
  };
};
