/** The updater as a process: opens, wires, listens, and closes in reverse. */
import { wallParts } from '../shared/http/wall-settings.ts';
import { logSettings } from '../shared/boot/common-settings.ts';
import { runProcess } from '../shared/process/lifecycle.ts';
import { systemTime } from '../shared/process/time.ts';
import { createLogger } from '../shared/process/logger.ts';
import { createMetrics } from '../shared/process/metrics.ts';
import { openFold } from '../shared/boot/open-fold.ts';
import { settingsOrExit } from '../shared/process/settings.ts';
import { createUpdaterApp } from './app.ts';
import { updaterProgram } from './config.ts';

const settings = settingsOrExit(updaterProgram);
const { name, version } = updaterProgram;
const logger = createLogger(name, logSettings(settings));

await runProcess(logger, settings.STOP_WAIT_MS, async (lifecycle) => {
  const wall = wallParts(settings, settings.UPDATER_HOST);
  const opened = await openFold(name, settings, lifecycle, logger);
  const app = await createUpdaterApp(
    {
      ...opened,
      version,
      wall,
      logger,
      metrics: createMetrics(name),
      time: systemTime,
    },
    lifecycle,
  );
  const address = await app.listen(settings.UPDATER_HOST, settings.UPDATER_PORT, 'UPDATER_PORT');
  logger.info({ address, namespace: opened.namespace, genesis: opened.genesis.id }, 'listening');
});
