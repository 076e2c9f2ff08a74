/**
 * The three services in one process, over the log in memory and a temporary Postgres: no Java, ready in seconds, and nothing
 * is kept when it ends. The HTTP behaviour is that of the real thing.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createOriginalApp } from '../original-api/app.ts';
import {
  openBackgroundPool,
  bindDatabase,
  LOCK_TIMEOUT_MS,
  openDatabase,
  type SessionVerification,
} from '../original-api/store/database.ts';
import { postgresThingStore } from '../original-api/store/postgres-thing-store.ts';
import { createRecordCodec } from '../shared/records/record-codec.ts';
import { memorySchemaRegistry } from '../shared/records/schema-registry.ts';
import { createOriginalClient } from '../shared/contracts/original-client.ts';
import { wallParts } from '../shared/http/wall-settings.ts';
import { createMemoryLog } from '../shared/log/memory-log.ts';
import { describeLog } from '../shared/replica/log-extent.ts';
import { createNamespace } from '../shared/records/namespace.ts';
import { logSettings } from '../shared/boot/common-settings.ts';
import type { Lifecycle } from '../shared/process/lifecycle.ts';
import { systemTime } from '../shared/process/time.ts';
import { drawSecret } from '../shared/process/secret-file.ts';
import { createLogger } from '../shared/process/logger.ts';
import { createMetrics } from '../shared/process/metrics.ts';
import { VERSION as version } from '../shared/process/version.ts';
import { openFoldStore } from '../shared/replica/lmdb-fold-store.ts';
import { createShinyApp } from '../shiny-api/app.ts';
import { createUpdaterApp } from '../updater/app.ts';
import type { Services, ServicesSettings } from './services.ts';
import { removeTemporaryFolder, temporaryFolder } from './stack/temporary-folder.ts';
import { freePorts } from './stack/ports.ts';
import { PLAYGROUND_DATABASE, postgresUrl, startPostgres } from './stack/postgres.ts';

export interface EmbeddedSettings extends ServicesSettings {
  readonly STACK_WAIT_MS: number;
  /** When given, used instead of a temporary Postgres. */
  readonly DATABASE_URL: string | undefined;
  readonly IN_FLIGHT_MAX: number;
  readonly RESPONSE_WAIT_MS: number;
  readonly READY_JSON_MAX: number;
}

const DATABASE_POOL_MAX = 20;

/** Everything is closed by `lifecycle`. Throws StartError. */
export const startEmbedded = async (
  settings: EmbeddedSettings,
  lifecycle: Lifecycle,
  report: (line: string) => void,
): Promise<Services['urls']> => {
  const { NAMESPACE: namespace, RESPONSE_WAIT_MS: responseWaitMs, IN_FLIGHT_MAX: inFlightMax } = settings;
  const walls = {
    original: wallParts(settings, settings.ORIGINAL_HOST),
    shiny: wallParts(settings, settings.SHINY_HOST),
    updater: wallParts(settings, settings.UPDATER_HOST),
  };
  const secret = drawSecret();
  const began = performance.now();
  const folder = temporaryFolder('migration-playground-embedded-');
  lifecycle.onClose('temporary folder', async () => removeTemporaryFolder(folder));
  const logger = createLogger('embedded', logSettings(settings));

  const log = createMemoryLog();
  const codec = await createRecordCodec(memorySchemaRegistry(), namespace);
  const genesis = await createNamespace(log, codec, {
    namespace,
    partitions: settings.PARTITIONS,
    master: settings.MASTER,
    id: randomUUID(),
    now: systemTime.now(),
  });

  const databaseUrl = settings.DATABASE_URL ?? (await temporaryPostgres(settings, folder, lifecycle, report));
  const sessions: SessionVerification = {};
  const access = {
    url: databaseUrl,
    namespace,
    poolMax: DATABASE_POOL_MAX,
    statementTimeoutMs: responseWaitMs,
    lockTimeoutMs: LOCK_TIMEOUT_MS,
    sessions,
  };
  const pool = await openDatabase(access, logger);
  const things = postgresThingStore(pool, openBackgroundPool(access, logger), sessions);
  lifecycle.onClose('Postgres client', () => things.close());
  await bindDatabase(pool, genesis, () => Promise.resolve(true));
  report(`Postgres ready after ${secondsSince(began)} s`);

  const common = { namespace, version, genesis, log, codec, time: systemTime, inFlightMax, responseWaitMs };
  const partsOf = (name: string) => ({
    ...common,
    logger: logger.child({ part: name }),
    metrics: createMetrics(name),
  });
  const store = async (name: string) => {
    const opened = await openFoldStore(
      join(folder, name),
      genesis,
      await describeLog(log, namespace),
      logger,
      systemTime,
    );
    lifecycle.onClose(`store of ${name}`, () => opened.close());
    lifecycle.failWith(`the store of ${name}`, opened.failed);
    return opened;
  };

  const originalApp = await createOriginalApp(
    { ...partsOf('original-api'), things, wall: walls.original, internalSecret: secret },
    lifecycle,
  );
  const originalUrl = await originalApp.listen(
    settings.ORIGINAL_HOST,
    settings.ORIGINAL_PORT,
    'ORIGINAL_PORT',
  );
  const original = createOriginalClient({ url: originalUrl, namespace, genesis: genesis.id, secret });
  lifecycle.onClose('client of the Original API', () => original.close());
  const updaterApp = await createUpdaterApp(
    { ...partsOf('updater'), wall: walls.updater, original, store: await store('updater') },
    lifecycle,
  );
  const updaterUrl = await updaterApp.listen(settings.UPDATER_HOST, settings.UPDATER_PORT, 'UPDATER_PORT');
  const shinyApp = await createShinyApp(
    {
      ...partsOf('shiny-api'),
      wall: walls.shiny,
      original,
      store: await store('shiny-api'),
      readyJsonMax: settings.READY_JSON_MAX,
    },
    lifecycle,
  );
  const shinyUrl = await shinyApp.listen(settings.SHINY_HOST, settings.SHINY_PORT, 'SHINY_PORT');
  report(`the three services ready after ${secondsSince(began)} s`);
  return { 'original-api': originalUrl, updater: updaterUrl, 'shiny-api': shinyUrl };
};

const temporaryPostgres = async (
  { STACK_WAIT_MS }: EmbeddedSettings,
  folder: string,
  lifecycle: Lifecycle,
  report: (line: string) => void,
): Promise<string> => {
  const [port] = await freePorts(1);
  const local = { POSTGRES_PORT: port!, STACK_DIR: folder, STACK_WAIT_MS };
  const postgres = await startPostgres(local, report);
  lifecycle.onClose('Postgres', () => postgres.stop());
  lifecycle.onKill(() => postgres.process.kill());
  return postgresUrl(local, PLAYGROUND_DATABASE);
};

const secondsSince = (began: number): string => ((performance.now() - began) / 1000).toFixed(1);
