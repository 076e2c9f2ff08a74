/** The Shiny API as a process: opens, wires, listens, and closes in reverse. */
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
import { createShinyApp } from './app.ts';
import { shinyProgram } from './config.ts';

const settings = settingsOrExit(shinyProgram);
const { name, version } = shinyProgram;
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

  const app = await createShinyApp(
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
      inFlightMax: settings.IN_FLIGHT_MAX,
      responseWaitMs: settings.RESPONSE_WAIT_MS,
    },
    lifecycle,
  );
  const address = await listen(app, settings.SHINY_HOST, settings.SHINY_PORT, 'SHINY_PORT');
  logger.info({ address, namespace, genesis: genesis.id }, 'listening');
});
