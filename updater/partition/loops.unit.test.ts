/** The command and feed loops over the memory log, with a twin beside them and appends that fail. */
import { expect, test } from 'vitest';
import { memoryThingStore } from '../../original-api/store/memory-thing-store.ts';
import { startOutboxRelay } from '../../original-api/outbox-relay.ts';
import { createRecordCodec } from '../../shared/records/record-codec.ts';
import { memorySchemaRegistry } from '../../shared/records/schema-registry.ts';
import {
  enableHash,
  partitionOfCommand,
  type Command,
  type ThingCommand,
} from '../../shared/domain/command.ts';
import { fold } from '../../shared/domain/fold.ts';
import { emptyState, type PartitionState } from '../../shared/domain/partition-state.ts';
import type { OriginalEntry } from '../../shared/domain/outcome.ts';
import type { Api } from '../../shared/domain/thing.ts';
import type { OriginalClient } from '../../shared/contracts/original-client.ts';
import { AppendRefusedError, AppendUnknownError, type EventLog } from '../../shared/log/event-log.ts';
import { createMemoryLog } from '../../shared/log/memory-log.ts';
import { createNamespace } from '../../shared/records/namespace.ts';
import { readOutcomes } from '../../shared/records/outcome-reader.ts';
import { topicName } from '../../shared/records/topics.ts';
import { silentLogger } from '../../shared/process/logger.ts';
import { createMetrics } from '../../shared/process/metrics.ts';
import { systemTime, type Time } from '../../shared/process/time.ts';
import { createProgress } from '../../shared/process/progress.ts';
import { eventually } from '../../test/http-client.ts';
import { create, NOW, remove, update } from '../../test/outcome-log.ts';
import { startCommandLoop } from './command-loop.ts';
import { startFeedLoop } from './feed-loop.ts';
import { createOutcomeWriter } from '../outcomes/outcome-writer.ts';
import { createSpeculation } from '../outcomes/speculation.ts';

const NAMESPACE = 'loops';
const time: Time = { ...systemTime, now: () => NOW };
const OUTCOMES = topicName(NAMESPACE, 'things.outcomes');
const COMMANDS = topicName(NAMESPACE, 'things.commands');
const FEED = topicName(NAMESPACE, 'things.original');

const world = async (master: Api) => {
  const log = createMemoryLog();
  const codec = await createRecordCodec(memorySchemaRegistry(), NAMESPACE);
  // One partition: every command and Thing lies in it.
  const genesis = await createNamespace(log, codec, {
    namespace: NAMESPACE,
    partitions: 1,
    master,
    id: 'g',
    now: NOW,
  });
  const things = memoryThingStore(1, master);
  const original: OriginalClient = {
    decide: (partition, fencingEpoch, command) =>
      things.decide({ partition, command, fencingEpoch, now: NOW }),
    thing: () => Promise.reject(new Error('nobody reads here')),
    feedEnds: () => Promise.reject(new Error('nobody reads here')),
    mastership: () => Promise.reject(new Error('nobody switches here')),
    fence: () => Promise.reject(new Error('nobody switches here')),
    abortSwitch: () => Promise.reject(new Error('nobody switches here')),
    close: async () => undefined,
  };
  const send = (command: Command) =>
    log.append(COMMANDS, { partition: 0, key: '', value: codec.encode(command), timestamp: NOW });
  return { log, codec, genesis, things, original, send };
};
type World = Awaited<ReturnType<typeof world>>;

/** One updater of the only partition, on a log of its own choice. */
const startUpdater = async (
  { codec, original }: World,
  log: EventLog,
  knownFeatures: readonly string[] = [],
) => {
  const state = emptyState(0);
  const progress = createProgress([0], time);
  let stopped = false;
  const logger = silentLogger();
  const writer = createOutcomeWriter({
    topic: OUTCOMES,
    partition: 0,
    log,
    codec,
    progress,
    logger,
    time,
    stopped: () => stopped,
  });
  const command = startCommandLoop({
    partition: 0,
    state,
    speculation: createSpeculation(state),
    progress,
    onSwitchStep: () => undefined,
    writer,
    original,
    logger,
    onDecided: () => undefined,
    time,
    knownFeatures,
  });
  const feed = startFeedLoop({ partition: 0, state, writer, progress, logger, time });
  const tail = await log.tail(
    [OUTCOMES, COMMANDS, FEED].map((topic) => ({ topic, partition: 0, offset: 0 })),
    async (topic, _partition, records) => {
      if (topic === OUTCOMES) {
        for (const record of await readOutcomes(codec, records)) {
          const counted = fold(state, record);
          command.read(record, counted);
          feed.read(record, counted);
          progress.reached(0, record.offset + 1);
        }
        return;
      }
      const decoded = await codec.decode(records.map(({ value }) => value));
      if (topic === COMMANDS)
        await command.offer(
          decoded.map((one, index) => ({ offset: records[index]!.offset, command: one as Command })),
        );
      else
        await feed.offer(
          decoded.map((entry, index) => ({ offset: records[index]!.offset, entry: entry as OriginalEntry })),
        );
    },
  );
  return {
    state,
    troubles: () => [command.trouble()?.reason, feed.trouble()?.reason],
    standsBy: command.standsBy,
    failed: command.failed,
    stop: async () => {
      stopped = true;
      await Promise.all([command.stop(), feed.stop()]);
      await tail.stop();
    },
  };
};

/** Folds the whole log anew, and counts the decisions of each command offset. */
const verdict = async ({ log, codec }: World): Promise<{ state: PartitionState; decisions: number[] }> => {
  const state = emptyState(0);
  const decisions: number[] = [];
  const [end] = await log.endOffsets(OUTCOMES);
  const done = Promise.withResolvers<void>();
  const tail = await log.tail(
    [{ topic: OUTCOMES, partition: 0, offset: 0 }],
    async (_topic, _partition, records) => {
      for (const record of await readOutcomes(codec, records)) {
        if (fold(state, record) !== undefined && record.outcome.type === 'decided')
          decisions.push(record.outcome.offset);
        if (record.offset + 1 >= end!) done.resolve();
      }
    },
  );
  await done.promise;
  await tail.stop();
  return { state, decisions };
};

const everyKindOfCommand = (count: number): ThingCommand[] =>
  Array.from({ length: count }, (_, index) => {
    const id = 1 + (index % 7);
    if (index % 3 === 0) return create(`c${index % 40}`, `n${index % 40}`);
    return index % 5 === 0 ? remove(`r${index}`, id, index % 4) : update(`u${index}`, id, index % 4);
  });

const expectDecidedOnce = async (
  of: World,
  updaters: { state: PartitionState }[],
  count: number,
): Promise<void> => {
  await eventually(async () => {
    for (const { state } of updaters) expect(state.header.position).toBe(count - 1);
  });
  const { state, decisions } = await verdict(of);
  expect(decisions).toEqual(Array.from({ length: count }, (_, offset) => offset));
  for (const updater of updaters) {
    await eventually(async () => expect(updater.state).toEqual(state));
  }
};

test.each<Api>(['original', 'shiny'])(
  '%s owns: two updaters on one log decide each command once',
  async (master) => {
    const of = await world(master);
    const updaters = [await startUpdater(of, of.log), await startUpdater(of, of.log)];
    const commands = everyKindOfCommand(600);
    for (const command of commands) await of.send(command);
    await expectDecidedOnce(of, updaters, commands.length);
    for (const updater of updaters) await updater.stop();
  },
);

test('the one whose decisions come second lets the other lead', async () => {
  const of = await world('shiny');
  // Its appends arrive late, so the other is always first.
  const late: EventLog = {
    ...of.log,
    append: async (topic, record) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return of.log.append(topic, record);
    },
  };
  const [first, second] = [await startUpdater(of, of.log), await startUpdater(of, late)];
  for (let index = 0; index < 20; index++) {
    await of.send(create(`c${index}`));
    await eventually(async () => expect(first.state.header.position).toBe(index));
  }
  await eventually(async () => expect(second.standsBy()).toBe(true));
  expect(first.standsBy()).toBe(false);
  await first.stop();
  await of.send(create('alone'));
  await eventually(async () => expect(second.state.header.position).toBe(20));
  expect(second.standsBy()).toBe(false);
  await second.stop();
});

test.each<Api>(['original', 'shiny'])(
  '%s is master: appends that fail, stored or not, lose and double nothing',
  async (master) => {
    const of = await world(master);
    let count = 0;
    const flaky: EventLog = {
      ...of.log,
      append: async (topic, record) => {
        count++;
        if (count % 7 === 0) throw new AppendUnknownError('lost before it was stored');
        const offset = await of.log.append(topic, record);
        if (count % 11 === 0) throw new AppendUnknownError('stored, and the answer was lost');
        return offset;
      },
    };
    const updater = await startUpdater(of, flaky);
    const commands = everyKindOfCommand(200);
    for (const command of commands) await of.send(command);
    await expectDecidedOnce(of, [updater], commands.length);
    await updater.stop();
  },
);

test('direct writes come into the outcomes, each once and in order, through relay and feed loop', async () => {
  const of = await world('original');
  const { log, codec, things } = of;
  const relay = startOutboxRelay({
    namespace: NAMESPACE,
    things,
    log,
    codec,
    logger: silentLogger(),
    metrics: createMetrics('test'),
    time,
  });
  const updaters = [await startUpdater(of, log), await startUpdater(of, log)];
  const WRITES = 300;
  const direct = async (command: ThingCommand) =>
    things.decide({ partition: partitionOfCommand(command, 1), command, fencingEpoch: null, now: NOW });
  await direct(create('first'));
  for (let version = 0; version < WRITES; version++)
    await direct(update(`u${version}`, 1, version % 2 === 0 ? version / 2 : 9_999));
  await eventually(async () => {
    for (const { state } of updaters) expect(state.answers.get(`u${WRITES - 1}`)).toBeDefined();
  });
  const { state } = await verdict(of);
  expect(state.things.get(1)).toEqual(await things.thing(1));
  expect(state.things.get(1)?.version).toBe(WRITES / 2);
  for (let version = 0; version < WRITES; version++) {
    expect(state.answers.get(`u${version}`)?.answer.code).toBe(version % 2 === 0 ? 'accepted' : 'conflict');
  }
  for (const updater of updaters) await updater.stop();
  await relay.stop();
});

test('a standby that is far behind with commands that are decided takes up what comes after them', async () => {
  const of = await world('shiny');
  const active = await startUpdater(of, of.log);
  const commands = everyKindOfCommand(5_000);
  for (const command of commands) await of.send(command);
  await eventually(async () => expect(active.state.header.position).toBe(commands.length - 1));
  await active.stop();
  // It reads the outcomes first, and all commands at once only then.
  const late: EventLog = {
    ...of.log,
    tail: (positions, onRecords) =>
      of.log.tail(positions, async (topic, partition, records, next) => {
        if (topic === COMMANDS) await new Promise((resolve) => setTimeout(resolve, 200));
        await onRecords(topic, partition, records, next);
      }),
  };
  const standby = await startUpdater(of, late);
  await of.send(create('after'));
  await eventually(async () => expect(standby.state.header.position).toBe(commands.length));
  await standby.stop();
});

const enable = (feature: string): Command => ({
  type: 'enable',
  commandId: `enable-${feature}`,
  requestedOn: NOW,
  payloadHash: enableHash(feature),
  feature,
});

test('an updater stops by name at a feature that it does not know, before it decides it', async () => {
  const it = await world('original');
  await it.send(create('c', 'before'));
  await it.send(enable('colour'));
  await it.send(create('d', 'behind'));
  const updater = await startUpdater(it, it.log, ['size']);
  await expect(updater.failed).rejects.toThrow(
    'feature colour is enabled at commands/0 offset 1, this release does not know it: update it',
  );
  await updater.stop();
  expect((await verdict(it)).decisions).toEqual([0]);

  const updated = await startUpdater(it, it.log, ['colour', 'size']);
  await eventually(async () => expect(updated.state.header.position).toBe(2));
  expect(updated.state.header.features).toEqual(['colour']);
  await updated.stop();
});

test('appends that are refused at once are not tried all the time; the partition says why, and goes on by itself', async () => {
  const it = await world('original');
  const relay = startOutboxRelay({
    namespace: NAMESPACE,
    things: it.things,
    log: it.log,
    codec: it.codec,
    logger: silentLogger(),
    metrics: createMetrics('test'),
    time,
  });
  await it.things.decide({ partition: 0, command: create('direct'), fencingEpoch: null, now: NOW });
  await it.send(create('of-the-log'));
  let [isRefused, tries] = [true, 0];
  const refusing: EventLog = {
    ...it.log,
    append: (topic, record) => {
      if (isRefused && topic === OUTCOMES) tries++;
      return isRefused && topic === OUTCOMES
        ? Promise.reject(new AppendRefusedError('KAFKA_STORAGE_ERROR', 'the disk of the broker is full'))
        : it.log.append(topic, record);
    },
  };
  const updater = await startUpdater(it, refusing);
  await eventually(async () =>
    expect(updater.troubles()).toEqual([
      expect.stringMatching(/outcomes cannot be written: the disk/),
      expect.stringMatching(/the feed cannot be put into the outcomes: the disk/),
    ]),
  );
  const before = tries;
  await systemTime.sleep(500);
  // Of two loops, each with 20 ms, 40 ms, … between two tries.
  expect(tries - before).toBeLessThan(20);
  isRefused = false;
  await eventually(async () => expect(updater.state.answers.get('of-the-log')).toBeDefined());
  await eventually(async () => expect(updater.state.answers.get('direct')).toBeDefined());
  await eventually(async () => expect(updater.troubles()).toEqual([undefined, undefined]));
  await updater.stop();
  await relay.stop();
}, 30_000);
