/**
 * Where the benchmarks run: real Kafka with the whole JIT, real Postgres with its defaults, and the three services as
 * processes, each comparison in namespaces of its own.
 */
import { fork } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Api } from '../../shared/domain/thing.ts';
import type { KafkaClientName } from '../../shared/log/kafka-access.ts';
import type { Lifecycle } from '../../shared/process/lifecycle.ts';
import {
  isolatedFolder,
  isolatedStackSettings,
  startIsolatedServices,
  type IsolatedServices,
} from '../../proof/isolated-playground.ts';
import { startStack, type StackAddresses } from '../../scripts/stack/stack.ts';

export interface BenchWorld {
  readonly stack: StackAddresses;
  readonly lifecycle: Lifecycle;
  /** A fresh folder, removed at the end. */
  folder(): string;
  /** A name for topics and schemas that nobody has yet. */
  namespace(): string;
  /** The three services, on a namespace of their own. */
  playground(options: {
    master: Api;
    client?: KafkaClientName;
    env?: Record<string, string>;
  }): Promise<IsolatedServices>;
  /** Starts a bare program of `bench/bare` that serves HTTP. */
  bareServer(file: string, args?: readonly string[]): Promise<BareServer>;
}

export interface BareServer {
  readonly url: string;
  readonly pid: number;
}

/** A heap that holds what the runs write, and no limit on the JIT. */
const KAFKA_JVM_OPTIONS = '-Xmx1g -XX:+UseSerialGC';

export const startBenchStack = async (
  lifecycle: Lifecycle,
  report: (line: string) => void,
): Promise<StackAddresses> => {
  const folder = isolatedFolder('migration-playground-bench-', lifecycle);
  const stack = await startStack(await isolatedStackSettings(folder, KAFKA_JVM_OPTIONS), {}, report);
  lifecycle.onClose('stack', stack.stop);
  lifecycle.onKill(stack.kill);
  lifecycle.failWith('the stack', stack.failed);
  return stack.addresses;
};

let namespaces = 0;

export const benchWorld = (stack: StackAddresses, lifecycle: Lifecycle): BenchWorld => {
  const root = isolatedFolder('migration-playground-bench-', lifecycle);
  let folders = 0;
  const folder = (): string => {
    const path = join(root, String(++folders));
    mkdirSync(path);
    return path;
  };
  const namespace = (): string => `bench${++namespaces}`;
  return {
    stack,
    lifecycle,
    folder,
    namespace,
    playground: ({ master, client = 'platformatic', env = {} }) =>
      startIsolatedServices(
        {
          stack,
          namespace: namespace(),
          master,
          dataDir: folder(),
          kafkaClient: client,
          env,
          print: (line) => void process.stderr.write(`${line}\n`),
          report: () => undefined,
        },
        lifecycle,
      ),
    bareServer: async (file, args = []) => {
      const child = fork(fileURLToPath(new URL(`../bare/${file}`, import.meta.url)), [...args]);
      const ended = new Promise((resolve) => {
        child.once('exit', resolve);
      });
      lifecycle.onClose(file, async () => {
        child.kill();
        await ended;
      });
      const port = await new Promise<unknown>((resolve, reject) => {
        child.once('message', resolve);
        void ended.then((status) => reject(new Error(`${file} ended with ${String(status)}`)));
      });
      return { url: `http://127.0.0.1:${Number(port)}`, pid: child.pid! };
    },
  };
};
