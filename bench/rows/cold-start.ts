/**
 * Row 11: Shiny starts with a million Things on disk and some log to catch up with. Once more against a bare program that
 * also loads the libraries that a service is made of.
 */
import { fork } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectKafkaLog } from '../../shared/log/kafka/connect-kafka-log.ts';
import { topicName } from '../../shared/records/topics.ts';
import { silentLogger } from '../../shared/process/logger.ts';
import type { BenchWorld } from '../kit/bench-world.ts';
import type { Comparison } from '../kit/comparison.ts';
import { openFilledLog } from '../kit/filled-log.ts';
import { startLoneService } from '../kit/lone-service.ts';

const THINGS = 1_000_000;
const TAIL = 10_000;

const comparison = (
  part: Pick<Comparison, 'name' | 'bare' | 'measures'>,
  bareOptions: readonly string[],
): Comparison => ({
  ...part,
  row: 11,
  ours: `start of Shiny with ${THINGS / 1_000_000} 000 000 Things and ${TAIL / 1_000} 000 records of tail, until ready`,
  open: async (world) => {
    const { namespace, add } = await openFilledLog(world, { withCommands: false });
    await add(THINGS, THINGS);
    const dataDir = world.folder();
    const start = () => startLoneService(world, 'shiny-api', { NAMESPACE: namespace, DATA_DIR: dataDir });
    await (await start()).stop();
    const copy = join(world.folder(), 'fold.lmdb');
    cpSync(join(dataDir, namespace, 'shiny-api', 'fold.lmdb'), copy);
    const endOffsets = await endOffsetsOf(world, topicName(namespace, 'things.outcomes'));

    /** Where the latest tail begins: ours has folded what lies before it, and the bare program begins there. */
    let before: readonly number[] = [];
    const addTail = async (): Promise<void> => {
      before = await endOffsets();
      await add(TAIL, THINGS);
    };
    await addTail();
    await (await start()).stop();
    return {
      ours: async () => {
        await addTail();
        const { readyMs, stop } = await start();
        await stop();
        return { ready: readyMs };
      },
      bare: async () => {
        const topic = topicName(namespace, 'things.outcomes');
        return {
          ready: await startBare([copy, world.stack.KAFKA_BROKERS, topic, before.join(','), ...bareOptions]),
        };
      },
    };
  },
});

export const coldStart = comparison(
  {
    name: 'cold-start',
    bare: 'start of node, opening LMDB, consuming the tail',
    measures: [{ name: 'ready', unit: 'ms', target: { atMost: 1.5 } }],
  },
  [String(TAIL)],
);

export const coldStartSteps = comparison(
  {
    name: 'cold-start-steps',
    bare: 'the same, and the same libraries loaded',
    measures: [{ name: 'ready', unit: 'ms' }],
  },
  [String(TAIL), 'libraries'],
);

const endOffsetsOf = async (world: BenchWorld, topic: string): Promise<() => Promise<number[]>> => {
  const brokers = world.stack.KAFKA_BROKERS.split(',');
  const access = { client: 'platformatic', brokers, clientId: 'cold-start', replicationFactor: 1 } as const;
  const log = await connectKafkaLog(access, silentLogger());
  world.lifecycle.onClose('log', log.close);
  return () => log.endOffsets(topic);
};

/** Milliseconds until it has consumed the tail. */
const startBare = async (options: readonly string[]): Promise<number> => {
  const began = performance.now();
  const script = fileURLToPath(new URL('../bare/cold-start.ts', import.meta.url));
  const child = fork(script, options);
  const ended = new Promise<never>((_resolve, reject) => {
    child.once('exit', (status) => reject(new Error(`the bare start ended with ${status}`)));
  });
  ended.catch(() => undefined);
  await Promise.race([new Promise((resolve) => void child.once('message', resolve)), ended]);
  const readyMs = performance.now() - began;
  child.kill('SIGKILL');
  await ended.catch(() => undefined);
  return readyMs;
};
