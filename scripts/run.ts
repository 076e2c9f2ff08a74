/** `make run`: the local stack, the namespace and the three services, in the foreground. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { logSettings, requestSettings } from '../shared/boot/common-settings.ts';
import { readSettings } from '../shiny-api/config.ts';
import { runProcess, type Lifecycle } from '../shared/process/lifecycle.ts';
import { createLogger } from '../shared/process/logger.ts';
import { choice, flag, secret, settingsOrExit, text, url } from '../shared/process/settings.ts';
import { VERSION } from '../shared/process/version.ts';
import { servicesSettings, checkWalls, prepareNamespace, startServices, type Services } from './services.ts';
import { startEmbedded } from './embedded.ts';
import { stackSettings } from './stack/config.ts';
import { takeStackFolder } from './stack/stack-folder.ts';
import { drawPassword, writeStackEnv } from './stack/stack-secrets.ts';
import { startStack, type StackAddresses } from './stack/stack.ts';
import { print } from '../shared/process/print.ts';

const settings = settingsOrExit({
  name: 'run',
  purpose: 'starts the playground: local stack, namespace and the three services',
  version: VERSION,
  settings: {
    EMBEDDED: { parse: flag, help: 'all in one process, without Java; nothing is kept', default: 'false' },
    STACK: {
      parse: choice('local', 'docker', 'given'),
      help: 'local: what has no address given is started here; docker: by docker-compose.yml',
      default: 'local',
    },
    ...servicesSettings,
    KAFKA_BROKERS: { parse: text, help: 'brokers to use instead of a local Kafka', optional: true },
    SCHEMA_REGISTRY_URL: {
      parse: url('http', 'https'),
      help: 'registry to use instead of a local one',
      optional: true,
    },
    DATABASE_URL: {
      parse: url('postgres', 'postgresql'),
      help: 'database to use instead of a local one',
      optional: true,
    },
    POSTGRES_PASSWORD: {
      parse: secret(text),
      help: 'with docker: of its Postgres; drawn and kept in STACK_DIR, if not given',
      optional: true,
    },
    ...requestSettings,
    ...readSettings,
    ...stackSettings,
  },
});

const STOP_WAIT_MS = 3 * settings.STOP_WAIT_MS + 15_000;
const logger = createLogger('run', { ...logSettings(settings), pretty: true, level: 'warn' });
const began = performance.now();
/** Of the Postgres of docker-compose.yml, whose volume keeps the first one. */
const DOCKER_PASSWORD_FILE = 'docker.password';

/** Starts what docker-compose.yml has; the password of its Postgres is given, or drawn and kept. */
const startDocker = (lifecycle: Lifecycle): StackAddresses => {
  takeStackFolder(settings.STACK_DIR);
  const password = settings.POSTGRES_PASSWORD ?? drawPassword(join(settings.STACK_DIR, DOCKER_PASSWORD_FILE));
  const options = { stdio: 'inherit', env: { ...process.env, POSTGRES_PASSWORD: password } } as const;
  execFileSync('docker', ['compose', 'up', '--detach', '--wait'], options);
  lifecycle.onClose('docker compose', async () => execFileSync('docker', ['compose', 'stop'], options));
  return {
    KAFKA_BROKERS: '127.0.0.1:9092',
    SCHEMA_REGISTRY_URL: 'http://127.0.0.1:8081/apis/ccompat/v7',
    DATABASE_URL: `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:5432/playground`,
  };
};

await runProcess(logger, STOP_WAIT_MS, async (lifecycle) => {
  const defaults = { KAFKA_BROKERS: '', SCHEMA_REGISTRY_URL: '' };
  checkWalls({ ...settings, ...defaults });
  if (settings.EMBEDDED) {
    print('embedded mode: one process, log in memory, temporary Postgres; nothing is kept when it ends');
    printWelcome(await startEmbedded({ ...settings, ...defaults }, lifecycle, print));
    return;
  }
  const { KAFKA_BROKERS, SCHEMA_REGISTRY_URL, DATABASE_URL } = settings;
  const given = definedOnly({ KAFKA_BROKERS, SCHEMA_REGISTRY_URL, DATABASE_URL });
  let addresses: StackAddresses;
  if (settings.STACK === 'docker') {
    print('using docker-compose.yml');
    addresses = { ...startDocker(lifecycle), ...given };
  } else {
    const stack = await startStack(settings, given, print);
    lifecycle.onClose('stack', stack.stop);
    lifecycle.onKill(stack.kill);
    lifecycle.failWith('the stack', stack.failed);
    addresses = stack.addresses;
  }
  takeStackFolder(settings.STACK_DIR);
  writeStackEnv(settings.STACK_DIR, { ...addresses });

  const complete = { ...settings, ...addresses };
  const preparing = performance.now();
  const genesis = await prepareNamespace(complete, lifecycle, logger);
  print(
    `Namespace ${settings.NAMESPACE} ready after ${secondsSince(preparing)} s: ${genesis.partitions} partitions, first master ${genesis.master}`,
  );
  if (genesis.master !== settings.MASTER) {
    print(`  (the namespace was there already, so its first master stays ${genesis.master})`);
  }
  const apis = await startServices(complete, {
    genesis,
    env: { ...process.env, ...addresses },
    print,
    report: print,
  });
  lifecycle.onClose('services', apis.stop);
  lifecycle.onKill(apis.kill);
  lifecycle.failWith('a service', apis.failed);
  printWelcome(apis.urls);
});

function printWelcome({ 'original-api': original, 'shiny-api': shiny, updater }: Services['urls']): void {
  print(`
Ready after ${secondsSince(began)} s.
  Original API  ${original}/api/things/
  Shiny API     ${shiny}/api/things/
  Updater       ${updater}/metrics
Try:
  curl -s ${original}/api/things/ -H 'Content-Type: application/json' -d '{"name": "first", "foo": 1}'
  curl -s ${shiny}/api/things/
  curl -s ${shiny}/api/commands/
Ctrl-C ends all of it.
`);
}

function secondsSince(start: number): string {
  return ((performance.now() - start) / 1000).toFixed(1);
}

function definedOnly<T extends object>(values: T): Partial<{ [K in keyof T]: NonNullable<T[K]> }> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
