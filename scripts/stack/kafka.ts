/** A local Kafka: broker and controller in one JVM, KRaft. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { fetchArtifacts } from './artifacts.ts';
import type { StackSettings } from './config.ts';
import { checkPortFree } from './ports.ts';
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
  const { kafka: classPath } = await fetchArtifacts(report);
  const data = resolve(folder, 'kafka');
  mkdirSync(data, { recursive: true });
  const configFile = join(data, 'server.properties');
  writeFileSync(configFile, serverProperties(port, controllerPort, join(data, 'log')));
  const java = [...settings.KAFKA_JVM_OPTIONS.split(/\s+/), '-cp', classPath];

  if (!existsSync(join(data, 'log', 'meta.properties'))) {
    const clusterId = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
    // One word: an id may begin with a dash.
    const format = ['kafka.tools.StorageTool', 'format', `--cluster-id=${clusterId}`, '-c', configFile];
    await promisify(execFile)('java', [...java, ...format]);
  }
  return startPart({
    name: 'Kafka',
    logs: join(folder, 'logs'),
    waitMs,
    command: 'java',
    args: [...java, 'kafka.Kafka', configFile],
    stopSignal: 'TERM',
    probe: () => connects(port),
  });
};

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
