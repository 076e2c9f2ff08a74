/** The updater as a process: opens, wires, listens, and closes in reverse. */
import { join } from 'node:path';
import { createOriginalClient } from '../shared/http/original-client.ts';
import { listen } from '../shared/http/server.ts';
import { topicName } from '../shared/log/topics.ts';
import { logSettings } from '../shared/process/common-settings.ts';
import { runProcess } from '../shared/process/lifecycle.ts';
import { createLogger } from '../shared/process/logger.ts';
import { createMetrics } from '../shared/process/metrics.ts';
import { openLog, openNamespace } from '../shared/process/open-log.ts';
import { settingsOrExit } from '../shared/process/settings.ts';
import { openFoldStore } from '../shared/store/fold-store.ts';
import { createUpdaterApp } from './app.ts';
import { updaterProgram } from './config.ts';

const settings = settingsOrExit(updaterProgram);
const { name, version } = updaterProgram;
const { NAMESPACE: namespace } = settings;
const logger = createLogger(name, logSettings(settings));

await runProcess(logger, settings.STOP_WAIT_MS, async (lifecycle) => {
  const { log, codec } = await openLog(name, settings, lifecycle, logger);
  const genesis = await openNamespace(settings, log, codec, logger);
  const ends = await log.endOffsets(topicName(namespace, 'things.outcomes'));
  const store = await openFoldStore(join(settings.DATA_DIR, namespace, name), genesis, ends, logger);
  lifecycle.onClose('local store', () => store.close());
  const original = createOriginalClient(settings.ORIGINAL_URL);
  lifecycle.onClose('client of the Original API', () => original.close());

  const app = await createUpdaterApp(
    {
      namespace,
      version,
      genesis,
      store,
      log,
      codec,
      original,
      logger,
      metrics: createMetrics(name),
      clock: Date.now,
      monotonic: () => performance.now(),
    },
    lifecycle,
  );
  const address = await listen(app, settings.UPDATER_HOST, settings.UPDATER_PORT, 'UPDATER_PORT');
  logger.info({ address, namespace, genesis: genesis.id }, 'listening');
});
