/**
 * A namespace whose log holds many Things of Shiny, written here and not through the APIs: what an updater would have
 * written, by the same decide and fold.
 */
import { decide } from '../../shared/domain/decide.ts';
import { fold, linkAfter } from '../../shared/domain/fold.ts';
import { partitionOfCommand, thingCommand, type ThingCommand } from '../../shared/domain/command.ts';
import type { Genesis } from '../../shared/domain/outcome.ts';
import { emptyState, type PartitionState } from '../../shared/domain/partition-state.ts';
import { createNamespace } from '../../shared/records/namespace.ts';
import { connectKafkaLog } from '../../shared/log/kafka/connect-kafka-log.ts';
import { PARTITIONS_DEFAULT, topicName, type TopicSuffix } from '../../shared/records/topics.ts';
import { confluentRegistry } from '../../shared/records/confluent-registry.ts';
import { createRecordCodec, type RecordCodec } from '../../shared/records/record-codec.ts';
import type { EventLog } from '../../shared/log/event-log.ts';
import { silentLogger } from '../../shared/process/logger.ts';
import type { BenchWorld } from './bench-world.ts';

export interface FilledLog {
  readonly namespace: string;
  readonly genesis: Genesis;
  readonly codec: RecordCodec;
  /** So many commands, each with its outcome: creates until there are `things`, then an update of each in turn. */
  add(commands: number, things: number): Promise<void>;
}

export interface FilledLogOptions {
  /** Commands that are not in the log have outcomes all the same: readers of the outcomes do not miss them. */
  readonly withCommands: boolean;
}

const APPENDS_AT_ONCE = 10_000;

export const openFilledLog = async (
  world: BenchWorld,
  { withCommands }: FilledLogOptions,
): Promise<FilledLog> => {
  const namespace = world.namespace();
  const brokers = world.stack.KAFKA_BROKERS.split(',');
  const access = { client: 'platformatic', brokers, clientId: 'filler', replicationFactor: 1 } as const;
  const log = await connectKafkaLog(access, silentLogger());
  world.lifecycle.onClose('log', log.close);
  const codec = await createRecordCodec(
    confluentRegistry({ url: world.stack.SCHEMA_REGISTRY_URL }),
    namespace,
  );
  const genesis = await createNamespace(log, codec, {
    namespace,
    partitions: PARTITIONS_DEFAULT,
    master: 'shiny',
    id: namespace,
    now: Date.now(),
  });
  const states = Array.from({ length: PARTITIONS_DEFAULT }, (_, partition) =>
    stateWith(partition, genesis, codec),
  );
  const created: { id: number; partition: number }[] = [];
  let commands = 0;

  const nextCommand = (things: number): ThingCommand => {
    const number = commands++;
    const request =
      created.length < things
        ? ({ type: 'create', name: 'benchmark', foo: number } as const)
        : updateOf(created[number % created.length]!, states, number);
    return thingCommand(request, `command-${number}`, Date.now());
  };
  return {
    namespace,
    genesis,
    codec,
    add: async (count, things) => {
      let appends: Promise<number>[] = [];
      for (let added = 0; added < count; added++) {
        const command = nextCommand(things);
        const partition = partitionOfCommand(command, PARTITIONS_DEFAULT);
        const { records, thingId } = decided(states[partition]!, command, codec, withCommands);
        if (command.type === 'create') created.push({ id: thingId, partition });
        for (const { suffix, value } of records)
          appends.push(append(log, topicName(namespace, suffix), partition, command, value));
        if (appends.length < APPENDS_AT_ONCE) continue;
        await Promise.all(appends);
        appends = [];
      }
      await Promise.all(appends);
    },
  };
};

const append = (
  log: EventLog,
  topic: string,
  partition: number,
  { commandId, requestedOn }: ThingCommand,
  value: Buffer,
): Promise<number> => log.append(topic, { partition, key: commandId, value, timestamp: requestedOn });

const stateWith = (partition: number, genesis: Genesis, codec: RecordCodec): PartitionState => {
  // A million answers would fill our memory, and no command comes twice.
  const answers = { get: () => undefined, set: () => undefined };
  const state: PartitionState = { ...emptyState(partition), answers };
  const bytes = codec.chainBytes(codec.encode(genesis));
  fold(state, { outcome: genesis, bytes, timestamp: 0 });
  return state;
};

const updateOf = (
  { id, partition }: { id: number; partition: number },
  states: readonly PartitionState[],
  foo: number,
) => {
  const { version } = states[partition]!.things.get(id)!;
  return {
    type: 'update',
    thingId: id,
    version,
    name: 'benchmark',
    foo,
    createdOn: null,
    updatedOn: null,
  } as const;
};

const decided = (
  state: PartitionState,
  command: ThingCommand,
  codec: RecordCodec,
  withCommands: boolean,
): { records: { suffix: TopicSuffix; value: Buffer }[]; thingId: number } => {
  const { header } = state;
  const { answer, state: thing } = decide(
    { header, thing: (id) => state.things.get(id), answer: () => undefined },
    command,
  );
  const outcome = {
    type: 'decided',
    feature: null,
    ...linkAfter(header),
    epoch: header.epoch,
    offset: header.position + 1,
    answer,
    state: thing,
  } as const;
  const value = codec.encode(outcome);
  const bytes = codec.chainBytes(value);
  if (fold(state, { outcome, bytes, timestamp: command.requestedOn }) === undefined)
    throw new Error('an outcome of the filled log does not count');
  const records = [{ suffix: 'things.outcomes' as TopicSuffix, value }];
  if (withCommands) records.unshift({ suffix: 'things.commands', value: codec.encode(command) });
  return { records, thingId: thing!.id };
};
