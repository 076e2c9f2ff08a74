/** The Shiny API as a process: opens, wires, listens, and closes in reverse. */
import { wallParts } from '../shared/http/wall-settings.ts';
import { logSettings } from '../shared/boot/common-settings.ts';
import { runProcess } from '../shared/process/lifecycle.ts';
import { systemTime } from '../shared/process/time.ts';
import { createLogger } from '../shared/process/logger.ts';
import { createMetrics } from '../shared/process/metrics.ts';
import { openFold } from '../shared/boot/open-fold.ts';
import { settingsOrExit } from '../shared/process/settings.ts';
import { createShinyApp } from './app.ts';
import { shinyProgram } from './config.ts';

const settings = settingsOrExit(shinyProgram);
const { name, version } = shinyProgram;
const logger = createLogger(name, logSettings(settings));

await runProcess(logger, settings.STOP_WAIT_MS, async (lifecycle) => {
  const wall = wallParts(settings, settings.SHINY_HOST);
  const opened = await openFold(name, settings, lifecycle, logger);
  const app = await createShinyApp(
    {
      ...opened,
      version,
      wall,
      logger,
      metrics: createMetrics(name),
      time: systemTime,
      inFlightMax: settings.IN_FLIGHT_MAX,
      responseWaitMs: settings.RESPONSE_WAIT_MS,
      readyJsonMax: settings.READY_JSON_MAX,
    },
    lifecycle,
  );
  const address = await app.listen(settings.SHINY_HOST, settings.SHINY_PORT, 'SHINY_PORT');
  logger.info({ address, namespace: opened.namespace, genesis: opened.genesis.id }, 'listening');
});
