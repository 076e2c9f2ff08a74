/** A playground of its own for the chaos: stack, services, and proxies in front of the APIs, all on free ports. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Api } from '../../shared/domain/thing.ts';
import type { KafkaClientName } from '../../shared/log/kafka-access.ts';
import type { Lifecycle } from '../../shared/process/lifecycle.ts';
import type { ServicesSettings, Service } from '../../scripts/services.ts';
import type { Addresses } from '../../scripts/client/config.ts';
import {
  isolatedFolder,
  isolatedStackSettings,
  startIsolatedServices,
  type IsolatedServices,
} from '../isolated-playground.ts';
import { fetchArtifacts } from '../../scripts/stack/artifacts.ts';
import { startKafka } from '../../scripts/stack/kafka.ts';
import { PLAYGROUND_DATABASE, postgresUrl, startPostgres } from '../../scripts/stack/postgres.ts';
import { registryUrl, startRegistry } from '../../scripts/stack/registry.ts';
import type { StackPart } from '../../scripts/stack/stack-part.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

export interface ChaosWorld {
  /** Of the services themselves. */
  readonly direct: Addresses;
  /** Through the proxies, for the clients. */
  readonly proxied: Addresses;
  readonly namespace: string;
  readonly settings: ServicesSettings;
  readonly env: IsolatedServices['env'];
  readonly services: IsolatedServices['services'];
  readonly whileStopped: IsolatedServices['whileStopped'];
  readonly proxies: Readonly<
    Record<'clients and Original' | 'clients and Shiny' | 'updater and Original', TcpProxy>
  >;
  /** Sets the wall clock of a service so far off; milliseconds. */
  setClock(service: Service, byMs: number): void;
  readonly databaseUrl: string;
  stopBroker(): Promise<void>;
  startBroker(): Promise<void>;
  /** Without a checkpoint, as in a power cut. */
  stopPostgres(): Promise<void>;
  startPostgres(): Promise<void>;
}

const NAMESPACE = 'chaos';
const CLOCK_JUMP = new URL('./clock-jump.ts', import.meta.url).href;

export const startChaosWorld = async (
  master: Api,
  kafkaClient: KafkaClientName,
  lifecycle: Lifecycle,
  report: (line: string) => void,
  print: (line: string) => void,
): Promise<ChaosWorld> => {
  const folder = isolatedFolder('migration-playground-chaos-', lifecycle);
  const stack = await isolatedStackSettings(folder);
  await fetchArtifacts(report);
  const [postgres, kafka] = await Promise.all([
    restartable(() => startPostgres(stack), lifecycle),
    restartable(() => startKafka(stack, report), lifecycle),
  ]);
  await restartable(() => startRegistry(stack, report), lifecycle);
  report(`the stack is ready; the services talk to Kafka through ${kafkaClient}`);

  const databaseUrl = postgresUrl(stack, PLAYGROUND_DATABASE);
  const clocks = join(folder, 'clocks');
  mkdirSync(clocks);
  const proxyTo = async (url: string): Promise<TcpProxy> => {
    const proxy = await startTcpProxy(new URL(url));
    lifecycle.onClose('proxy', proxy.close);
    return proxy;
  };
  let updaterProxy: TcpProxy | undefined;
  const services = await startIsolatedServices(
    {
      stack: {
        KAFKA_BROKERS: `127.0.0.1:${stack.KAFKA_PORT}`,
        SCHEMA_REGISTRY_URL: registryUrl(stack.REGISTRY_PORT),
        DATABASE_URL: databaseUrl,
      },
      namespace: NAMESPACE,
      master,
      kafkaClient,
      dataDir: join(folder, 'data'),
      env: { CLOCK_FOLDER: clocks, NODE_OPTIONS: `--import=${CLOCK_JUMP}` },
      print,
      report,
      originalUrlFor: async (originalUrl) => {
        updaterProxy = await proxyTo(originalUrl);
        return urlOf(updaterProxy);
      },
    },
    lifecycle,
  );
  const direct = services.addresses;
  const proxies = {
    'clients and Original': await proxyTo(direct.originalUrl),
    'clients and Shiny': await proxyTo(direct.shinyUrl),
    'updater and Original': updaterProxy!,
  };

  return {
    direct,
    proxied: {
      originalUrl: urlOf(proxies['clients and Original']),
      shinyUrl: urlOf(proxies['clients and Shiny']),
      updaterUrl: direct.updaterUrl,
    },
    namespace: NAMESPACE,
    settings: services.settings,
    env: services.env,
    services: services.services,
    whileStopped: services.whileStopped,
    proxies,
    setClock: (service, byMs) => writeFileSync(join(clocks, service), String(byMs)),
    databaseUrl,
    stopBroker: kafka.stop,
    startBroker: kafka.start,
    stopPostgres: async () => {
      const part = postgres.current();
      process.kill(await part.process.pid, 'SIGQUIT');
      await part.process.ended;
    },
    startPostgres: postgres.start,
  };
};

const urlOf = ({ port }: TcpProxy): string => `http://127.0.0.1:${port}`;

interface Restartable {
  current(): StackPart;
  stop(): Promise<void>;
  start(): Promise<void>;
}

const restartable = async (begin: () => Promise<StackPart>, lifecycle: Lifecycle): Promise<Restartable> => {
  let part = await begin();
  lifecycle.onClose('stack', () => part.stop());
  lifecycle.onKill(() => part.process.kill());
  return {
    current: () => part,
    stop: () => part.stop(),
    start: async () => {
      part = await begin();
    },
  };
};
