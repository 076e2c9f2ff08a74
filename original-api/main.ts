/** The Original API as a process: opens, wires, listens, and closes in reverse. */
import { internalSecretOf, wallParts } from '../shared/http/wall-settings.ts';
import { logSettings } from '../shared/boot/common-settings.ts';
import { runProcess } from '../shared/process/lifecycle.ts';
import { systemTime } from '../shared/process/time.ts';
import { createLogger } from '../shared/process/logger.ts';
import { createMetrics } from '../shared/process/metrics.ts';
import { openLog, openNamespace } from '../shared/boot/open-log.ts';
import { settingsOrExit } from '../shared/process/settings.ts';
import { retryUntil } from '../shared/process/retry-until.ts';
import { createOriginalApp } from './app.ts';
import { originalProgram } from './config.ts';
import {
  openBackgroundPool,
  bindDatabase,
  LOCK_TIMEOUT_MS,
  openDatabase,
  type SessionVerification,
} from './store/database.ts';
import { bindTopics } from './store/database-topics.ts';
import { lacksNothing } from './log-proof.ts';
import { postgresThingStore } from './store/postgres-thing-store.ts';

const settings = settingsOrExit(originalProgram);
const { name, version } = originalProgram;
const { NAMESPACE: namespace, START_WAIT_MS: startWaitMs, RESPONSE_WAIT_MS: responseWaitMs } = settings;
const logger = createLogger(name, logSettings(settings));

await runProcess(logger, settings.STOP_WAIT_MS, async (lifecycle) => {
  const wall = wallParts(settings, settings.ORIGINAL_HOST);
  const internalSecret = internalSecretOf(settings);
  const { host } = new URL(settings.DATABASE_URL);
  const sessions: SessionVerification = {};
  const access = {
    url: settings.DATABASE_URL,
    namespace,
    poolMax: settings.DATABASE_POOL_MAX,
    statementTimeoutMs: responseWaitMs,
    lockTimeoutMs: LOCK_TIMEOUT_MS,
    sessions,
  };
  const [{ log, codec }, pool] = await Promise.all([
    openLog(name, settings, lifecycle, logger),
    retryUntil(`Postgres at ${host}`, startWaitMs, logger, () => openDatabase(access, logger)),
  ]);
  const things = postgresThingStore(pool, openBackgroundPool(access, logger), sessions);
  lifecycle.onClose('Postgres', () => things.close());
  const genesis = await openNamespace(settings, log, codec, logger);
  await bindDatabase(pool, genesis, () => lacksNothing(log, codec, namespace, genesis));
  await bindTopics(pool, log, namespace);

  const app = await createOriginalApp(
    {
      namespace,
      version,
      genesis,
      things,
      log,
      codec,
      logger,
      metrics: createMetrics(name),
      time: systemTime,
      inFlightMax: settings.IN_FLIGHT_MAX,
      responseWaitMs,
      wall,
      internalSecret,
    },
    lifecycle,
  );
  const address = await app.listen(settings.ORIGINAL_HOST, settings.ORIGINAL_PORT, 'ORIGINAL_PORT');
  logger.info({ address, namespace, genesis: genesis.id }, 'listening');
});
