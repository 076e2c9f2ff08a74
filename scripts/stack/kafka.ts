/** A local Kafka: broker and controller in one JVM, KRaft. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join, relative, resolve } from 'node:path';
import { onDisk } from '../../shared/process/disk-fault.ts';
import { StartError } from '../../shared/process/lifecycle.ts';
import { FOLDER_MODE } from '../../shared/process/own-folder.ts';
import { fetchArtifacts } from './artifacts.ts';
import type { StackSettings } from './config.ts';
import { runGuarded } from './guarded-process.ts';
import { JAVA_ENV, javaMark } from './java.ts';
import { checkPortFree } from './ports.ts';
import { takeStackFolder } from './stack-folder.ts';
import { startPart, type StackPart } from './stack-part.ts';

export const startKafka = async (
  settings: StackSettings,
  report: (line: string) => void,
): Promise<StackPart> => {
  const {
    KAFKA_PORT: port,
    KAFKA_CONTROLLER_PORT: controllerPort,
    STACK_DIR: folder,
    STACK_WAIT_MS: waitMs,
  } = settings;
  await checkPortFree('Kafka', port, 'KAFKA_PORT');
  await checkPortFree("Kafka's controller", controllerPort, 'KAFKA_CONTROLLER_PORT');
  const { kafka: artifacts } = await fetchArtifacts(report);
  takeStackFolder(folder);
  const data = resolve(folder, 'kafka');
  onDisk(data, () => {
    mkdirSync(data, { recursive: true, mode: FOLDER_MODE });
    for (const name of readdirSync(data))
      if (name.startsWith(DRAFT_PREFIX)) rmSync(join(data, name), { recursive: true, force: true });
    writeFileSync(join(data, CONFIG_FILE), serverProperties(port, controllerPort, LOG_FOLDER));
  });
  const options = settings.KAFKA_JVM_OPTIONS.split(/\s+/).filter((option) => option !== '');
  const java = [...options, javaMark(resolve(folder)), '-cp', relative(data, artifacts)];
  const place = {
    command: 'java',
    cwd: data,
    env: { ...process.env, ...JAVA_ENV },
    stopSignal: 'TERM',
  } as const;

  if (!existsSync(join(data, LOG_FOLDER))) {
    const draft = `${DRAFT_PREFIX}${process.pid}`;
    onDisk(data, () =>
      writeFileSync(join(data, `${draft}.properties`), serverProperties(port, controllerPort, draft)),
    );
    const clusterId = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
    // One word: an id may begin with a dash.
    const format = [
      'kafka.tools.StorageTool',
      'format',
      `--cluster-id=${clusterId}`,
      '-c',
      `${draft}.properties`,
    ];
    const { end, lines } = await runGuarded({ ...place, args: [...java, ...format] });
    if (end !== 'status 0' || !existsSync(join(data, draft, 'meta.properties')))
      throw new StartError(`Kafka's folder ${data} could not be formatted (${end}):\n${lines.join('\n')}`);
    // Whole, or not there.
    onDisk(data, () => {
      renameSync(join(data, draft), join(data, LOG_FOLDER));
      rmSync(join(data, `${draft}.properties`));
    });
  }
  return startPart({
    ...place,
    name: 'Kafka',
    logs: join(folder, 'logs'),
    waitMs,
    report,
    args: [...java, 'kafka.Kafka', CONFIG_FILE],
    probe: () => connects(port),
  });
};

/** Below Kafka's own folder, where it runs, so that no path of ours has to stand in its settings. */
const LOG_FOLDER = 'log';
const CONFIG_FILE = 'server.properties';
const DRAFT_PREFIX = 'log.new-';

const serverProperties = (port: number, controllerPort: number, logFolder: string): string =>
  Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': logFolder,
    'auto.create.topics.enable': false,
    'offsets.topic.num.partitions': 1,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    // Our readers are groups of one: nobody else is to be waited for.
    'group.initial.rebalance.delay.ms': 0,
    // The default takes 128 MiB of the heap.
    'log.cleaner.dedupe.buffer.size': 4 * 1024 * 1024,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');

const connects = (port: number): Promise<void> =>
  new Promise((resolve_, reject) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve_();
    });
    socket.once('error', reject);
  });
