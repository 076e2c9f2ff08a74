/** `make chaos [MINUTES=3]`. */
import { kafkaSettings } from '../../shared/boot/common-settings.ts';
import { runProcess } from '../../shared/process/lifecycle.ts';
import { createLogger } from '../../shared/process/logger.ts';
import { flag, integer, settingsOrExit } from '../../shared/process/settings.ts';
import { VERSION } from '../../shared/process/version.ts';
import { chaosLines } from './chaos-report.ts';
import { runChaos } from './run-chaos.ts';
import { print } from '../../shared/process/print.ts';

const settings = settingsOrExit({
  name: 'chaos',
  purpose:
    'kills, stops and cuts off the parts of a playground of its own, under load and switches, and judges the outcome',
  version: VERSION,
  settings: {
    CHAOS_SECONDS: { parse: integer(1, 86_400), help: 'how long', default: '180' },
    RATE: { parse: integer(1, 10_000), help: 'operations per second', default: '100' },
    KAFKA_CLIENT: kafkaSettings.KAFKA_CLIENT,
    SERVICE_LOGS: { parse: flag, help: 'show what the services say', default: 'false' },
  },
});

const STOP_WAIT_MS = 60_000;
const logger = createLogger('chaos', { level: 'warn', pretty: true });

await runProcess(logger, STOP_WAIT_MS, async (lifecycle) => {
  const result = await runChaos(
    {
      seconds: settings.CHAOS_SECONDS,
      switches: 0,
      rate: settings.RATE,
      kafkaClient: settings.KAFKA_CLIENT,
      report: print,
      print: settings.SERVICE_LOGS ? print : () => undefined,
    },
    lifecycle,
  );
  for (const line of chaosLines(result)) print(line);
  if (!result.certificate.clean) throw new Error('the certificate is not clean');
  return 'done';
});
