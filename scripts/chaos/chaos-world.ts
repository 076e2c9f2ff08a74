/** A playground of its own for the chaos: stack, services, and proxies in front of the APIs, all on free ports. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Lifecycle } from '../../shared/process/lifecycle.ts';
import type { KafkaClientName } from '../../shared/log/kafka-log.ts';
import { silentLogger } from '../../shared/process/logger.ts';
import { readSettings } from '../../shared/process/settings.ts';
import type { Owner } from '../../shared/domain/thing.ts';
import { VERSION } from '../../shared/process/version.ts';
import { apisSettings, prepareNamespace, startApis, type Apis, type ApisSettings } from '../apis.ts';
import type { Addresses } from '../playground/config.ts';
import { fetchArtifacts } from '../stack/artifacts.ts';
import { stackSettings, type StackSettings } from '../stack/config.ts';
import { startKafka } from '../stack/kafka.ts';
import { freePorts } from '../stack/ports.ts';
import { PLAYGROUND_DATABASE, postgresUrl, startPostgres } from '../stack/postgres.ts';
import { registryUrl, startRegistry } from '../stack/registry.ts';
import type { StackPart } from '../stack/stack-part.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

export interface ChaosWorld {
  /** Of the services themselves. */
  readonly direct: Addresses;
  /** Through the proxies, for the clients. */
  readonly proxied: Addresses;
  readonly namespace: string;
  readonly settings: ApisSettings;
  readonly apis: Apis;
  readonly proxies: Readonly<
    Record<'clients and Original' | 'clients and Shiny' | 'updater and Original', TcpProxy>
  >;
  stopBroker(): Promise<void>;
  startBroker(): Promise<void>;
  /** Without a checkpoint, as in a power cut. */
  stopPostgres(): Promise<void>;
  startPostgres(): Promise<void>;
}

const STACK_WAIT_MS = 120_000;
const NAMESPACE = 'chaos';

export const startChaosWorld = async (
  owner: Owner,
  kafkaClient: KafkaClientName,
  lifecycle: Lifecycle,
  report: (line: string) => void,
  print: (line: string) => void,
): Promise<ChaosWorld> => {
  const folder = mkdtempSync(join(tmpdir(), 'migration-playground-chaos-'));
  // Root runs Postgres as somebody else, who has to get in.
  chmodSync(folder, 0o755);
  lifecycle.onClose('folder', async () => rmSync(folder, { recursive: true, force: true }));
  const [kafkaPort, controllerPort, registryPort, postgresPort, originalPort, shinyPort, updaterPort] =
    await freePorts(7);
  const stack: StackSettings = {
    STACK_DIR: folder,
    KAFKA_PORT: kafkaPort!,
    KAFKA_CONTROLLER_PORT: controllerPort!,
    KAFKA_JVM_OPTIONS: stackSettings.KAFKA_JVM_OPTIONS.default,
    REGISTRY_PORT: registryPort!,
    POSTGRES_PORT: postgresPort!,
    STACK_WAIT_MS,
  };
  await fetchArtifacts(report);
  const [postgres, kafka] = await Promise.all([
    restartable(() => startPostgres(stack), lifecycle),
    restartable(() => startKafka(stack, report), lifecycle),
  ]);
  await restartable(() => startRegistry(stack, report), lifecycle);
  report(`the stack is ready; the services talk to Kafka through ${kafkaClient}`);

  const env = {
    NAMESPACE,
    MASTER: owner,
    KAFKA_CLIENT: kafkaClient,
    DATA_DIR: join(folder, 'data'),
    KAFKA_BROKERS: `127.0.0.1:${kafkaPort}`,
    SCHEMA_REGISTRY_URL: registryUrl(registryPort!),
    DATABASE_URL: postgresUrl(postgresPort!, PLAYGROUND_DATABASE),
    ORIGINAL_PORT: String(originalPort),
    SHINY_PORT: String(shinyPort),
    UPDATER_PORT: String(updaterPort),
    LOG_LEVEL: 'warn',
    LOG_FORMAT: 'json',
  };
  const result = readSettings(
    { name: 'chaos', purpose: '', version: VERSION, settings: apisSettings },
    [],
    env,
  );
  if (result.kind !== 'values') throw new Error(JSON.stringify(result));
  const settings = result.values;
  await prepareNamespace(settings, lifecycle, silentLogger());
  const direct = {
    originalUrl: `http://127.0.0.1:${originalPort}`,
    shinyUrl: `http://127.0.0.1:${shinyPort}`,
    updaterUrl: `http://127.0.0.1:${updaterPort}`,
  };
  const proxies = {
    'clients and Original': await startTcpProxy(new URL(direct.originalUrl)),
    'clients and Shiny': await startTcpProxy(new URL(direct.shinyUrl)),
    'updater and Original': await startTcpProxy(new URL(direct.originalUrl)),
  };
  const urlOf = (name: keyof typeof proxies): string => `http://127.0.0.1:${proxies[name].port}`;
  for (const proxy of Object.values(proxies)) lifecycle.onClose('proxy', proxy.close);
  const apis = await startApis(settings, {
    env: { ...process.env, ...env },
    print,
    report,
    originalUrl: urlOf('updater and Original'),
  });
  lifecycle.onClose('services', apis.stop);
  lifecycle.onKill(apis.kill);
  lifecycle.failWith('a service', apis.failed);

  return {
    direct,
    proxied: {
      originalUrl: urlOf('clients and Original'),
      shinyUrl: urlOf('clients and Shiny'),
      updaterUrl: direct.updaterUrl,
    },
    namespace: NAMESPACE,
    settings,
    apis,
    proxies,
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
