/** The local stack, or one part of it, in the foreground: `make stack`, `make kafka`, `make registry`, `make postgres`. */
import { resolve } from 'node:path';
import { runProcess } from '../../shared/process/lifecycle.ts';
import { createLogger } from '../../shared/process/logger.ts';
import { choice, settingsOrExit } from '../../shared/process/settings.ts';
import { VERSION } from '../../shared/process/version.ts';
import { stackSettings } from './config.ts';
import { startStack } from './stack.ts';
import { withoutPassword, writeStackEnv } from './stack-secrets.ts';
import { print } from '../../shared/process/print.ts';

const settings = settingsOrExit({
  name: 'stack',
  purpose: 'a local Kafka, schema registry and Postgres, in the foreground',
  version: VERSION,
  settings: {
    PART: {
      parse: choice('all', 'kafka', 'registry', 'postgres'),
      help: 'all, kafka, registry or postgres',
      default: 'all',
    },
    ...stackSettings,
  },
});

const STOP_WAIT_MS = 9_900;
const elsewhere = 'started elsewhere';
const given = {
  all: {},
  kafka: { SCHEMA_REGISTRY_URL: elsewhere, DATABASE_URL: elsewhere },
  // It keeps its schemas in Postgres, which comes with it.
  registry: { KAFKA_BROKERS: elsewhere },
  postgres: { KAFKA_BROKERS: elsewhere, SCHEMA_REGISTRY_URL: elsewhere },
}[settings.PART];

await runProcess(createLogger('stack', { level: 'warn', pretty: true }), STOP_WAIT_MS, async (lifecycle) => {
  const stack = await startStack(settings, given, print);
  lifecycle.onClose('stack', stack.stop);
  lifecycle.onKill(stack.kill);
  lifecycle.failWith('the stack', stack.failed);
  const started = Object.entries(stack.addresses).filter(([, address]) => address !== elsewhere);
  for (const [variable, address] of started) print(`${variable}=${withoutPassword(address)}`);
  const file = writeStackEnv(settings.STACK_DIR, Object.fromEntries(started));
  print(`These, with the password: set -a; . ${quoted(file)}; set +a`);
});

// A dot command without a slash looks elsewhere.
function quoted(file: string): string {
  return `'${resolve(file).replaceAll("'", String.raw`'\''`)}'`;
}
