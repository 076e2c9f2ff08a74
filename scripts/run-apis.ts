/** The three services on one namespace, on a stack that is there: `npm run run-apis -- --namespace x`. */
import { runProcess } from '../shared/process/lifecycle.ts';
import { createLogger } from '../shared/process/logger.ts';
import { logSettings } from '../shared/boot/common-settings.ts';
import { settingsOrExit } from '../shared/process/settings.ts';
import { VERSION } from '../shared/process/version.ts';
import { servicesSettings, prepareNamespace, startServices } from './services.ts';
import { print } from '../shared/process/print.ts';

const settings = settingsOrExit({
  name: 'run-apis',
  purpose: 'starts original-api, updater and shiny-api on the topics of one namespace',
  version: VERSION,
  settings: servicesSettings,
});

/** Three services end one after the other. */
const STOP_WAIT_MS = 3 * settings.STOP_WAIT_MS + 5_000;
const logger = createLogger('run-apis', logSettings(settings));

const began = performance.now();

await runProcess(logger, STOP_WAIT_MS, async (lifecycle) => {
  const genesis = await prepareNamespace(settings, lifecycle, logger);
  print(
    `namespace ${settings.NAMESPACE}: ${genesis.partitions} partitions, first master ${genesis.master}, genesis ${genesis.id}`,
  );
  const apis = await startServices(settings, { genesis, env: process.env, print, report: print });
  lifecycle.onClose('services', apis.stop);
  lifecycle.onKill(apis.kill);
  lifecycle.failWith('a service', apis.failed);
  print(
    `Ready after ${((performance.now() - began) / 1000).toFixed(1)} s: ${Object.values(apis.urls).join(' ')}`,
  );
});
