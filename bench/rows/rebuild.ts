/** Row 6: the view is built anew from the log; once more against a bare program that keeps the same on disk. */
import { join } from 'node:path';
import { silentLogger } from '../../shared/process/logger.ts';
import { systemTime } from '../../shared/process/time.ts';
import { createOutcomeWaiter } from '../../shared/commands/outcome-waiter.ts';
import { connectKafkaLog } from '../../shared/log/kafka/connect-kafka-log.ts';
import type { KafkaClientName } from '../../shared/log/kafka-access.ts';
import { describeLog } from '../../shared/replica/log-extent.ts';
import { topicName } from '../../shared/records/topics.ts';
import { openFoldStore } from '../../shared/replica/lmdb-fold-store.ts';
import { startView } from '../../shiny-api/view.ts';
import { consumeAll as consumeWithKafkajs } from '../bare/consume.ts';
import { consumeAll as consumeWithPlatformatic } from '../bare/consume-platformatic.ts';
import { rebuildSteps as bareSteps } from '../bare/rebuild-steps.ts';
import type { BenchWorld } from '../kit/bench-world.ts';
import type { Comparison } from '../kit/comparison.ts';
import { openFilledLog, type FilledLog } from '../kit/filled-log.ts';

const COMMANDS = 200_000;
const THINGS = 50_000;
const POLL_MS = 5;

const OURS = `the view from the log, ${COMMANDS / 1_000} 000 commands of ${THINGS / 1_000} 000 Things`;

interface Bare {
  readonly name: string;
  readonly client: KafkaClientName;
  readonly bare: string;
  readonly target?: { readonly atLeast: number };
  /** Milliseconds. */
  readonly build: typeof bareSteps;
}

const comparison = ({ name, client, bare, target, build }: Bare): Comparison => ({
  name,
  row: 6,
  ours: `${OURS} (${client})`,
  bare,
  measures: [{ name: 'records', unit: 'per s', ...(target === undefined ? {} : { target }) }],
  open: async (world) => {
    const filled = await openFilledLog(world, { withCommands: true });
    await filled.add(COMMANDS, THINGS);
    const brokers = world.stack.KAFKA_BROKERS.split(',');
    const topics = (['things.commands', 'things.outcomes'] as const).map((suffix) =>
      topicName(filled.namespace, suffix),
    );
    const records = 2 * COMMANDS + filled.genesis.partitions;
    const rate = (ms: number): { records: number } => ({ records: (1_000 * records) / ms });
    return {
      ours: async () => rate(await buildView(world, client, filled)),
      bare: async () =>
        rate(await build(brokers, topics, filled.codec, records, join(world.folder(), 'bare.lmdb'))),
    };
  },
});

export const rebuild = (client: KafkaClientName): Comparison => {
  const consumeAll = client === 'kafkajs' ? consumeWithKafkajs : consumeWithPlatformatic;
  return comparison({
    name: `rebuild-${client}`,
    client,
    bare: 'consume and decode',
    target: { atLeast: 0.7 },
    build: (brokers, topics, codec, records) => consumeAll(brokers, topics, codec, records),
  });
};

export const rebuildSteps = comparison({
  name: 'rebuild-steps',
  client: 'platformatic',
  bare: 'the same steps: consume, decode, digest, and five entries on disk for each command',
  build: bareSteps,
});

/** Milliseconds until it has caught up, and all is on disk. */
const buildView = async (
  world: BenchWorld,
  client: KafkaClientName,
  { namespace, genesis, codec }: FilledLog,
): Promise<number> => {
  const access = {
    client,
    brokers: world.stack.KAFKA_BROKERS.split(','),
    clientId: 'rebuild',
    replicationFactor: 1,
  };
  const logger = silentLogger();
  const began = performance.now();
  const log = await connectKafkaLog(access, logger);
  const extent = await describeLog(log, namespace);
  const store = await openFoldStore(world.folder(), genesis, extent, logger, systemTime);
  const waiter = createOutcomeWaiter();
  const view = await startView({
    namespace,
    genesis,
    store,
    log,
    codec,
    waiter,
    logger,
    time: systemTime,
    readyJsonMax: THINGS,
  });
  while (view.behind() > 0) await systemTime.sleep(POLL_MS);
  await view.stop();
  await store.close();
  const ms = performance.now() - began;
  await log.close();
  return ms;
};
