import { randomUUID } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { createRecordCodec, type RecordCodec } from '../../shared/records/record-codec.ts';
import { memorySchemaRegistry } from '../../shared/records/schema-registry.ts';
import { restoreCommands } from '../../shared/commands/restore-commands.ts';
import { emptyHeader } from '../../shared/domain/partition-state.ts';
import type { Genesis } from '../../shared/domain/outcome.ts';
import type { OriginalClient } from '../../shared/contracts/original-client.ts';
import type { EventLog, LogPosition } from '../../shared/log/event-log.ts';
import { createMemoryLog } from '../../shared/log/memory-log.ts';
import { createNamespace } from '../../shared/records/namespace.ts';
import { topicName } from '../../shared/records/topics.ts';
import type { Lifecycle } from '../../shared/process/lifecycle.ts';
import { silentLogger } from '../../shared/process/logger.ts';
import { noMetrics } from '../../shared/process/metrics.ts';
import { systemTime } from '../../shared/process/time.ts';
import type { FoldStore } from '../../shared/replica/fold-store.ts';
import { createMemoryFoldStore } from '../../shared/replica/memory-fold-store.ts';
import { eventually } from '../../test/http-client.ts';
import { create, NOW } from '../../test/outcome-log.ts';
import { createCutOffLogs } from './cut-off-logs.ts';
import { startUpdaterService } from './service.ts';
import { shortLogs } from './short-logs.ts';

test('a log that ends at what the fold has made of it, or before, is told by name', () => {
  const header = { ...emptyHeader(3), position: 7, feedPosition: 4 };
  expect(shortLogs(header, { commands: 8, feed: 5 })).toEqual({ commands: undefined, feed: undefined });
  expect(shortLogs(emptyHeader(3), { commands: 0, feed: 0 })).toEqual({
    commands: undefined,
    feed: undefined,
  });
  const short = shortLogs(header, { commands: 7, feed: 4 });
  expect(short.commands).toMatch(
    /^commands\/3 ends at 7, the fold has decided 7: .*playground master repair/,
  );
  expect(short.feed).toMatch(/^original\/3 ends at 4, the fold has observed 4: /);
});

const NAMESPACE = 'cut';
const COMMANDS = topicName(NAMESPACE, 'things.commands');
const time = { ...systemTime, sleep: (ms: number) => systemTime.sleep(Math.min(ms, 20)) };

const world = async () => {
  const log = createMemoryLog();
  const codec = await createRecordCodec(memorySchemaRegistry(), NAMESPACE);
  const genesis = await createNamespace(log, codec, {
    namespace: NAMESPACE,
    partitions: 2,
    master: 'shiny',
    id: 'g',
    now: NOW,
  });
  const send = async (commandId: string) => {
    const [command, partition] = [create(commandId), commandId.startsWith('p1') ? 1 : 0];
    return log.append(COMMANDS, { partition, key: commandId, value: codec.encode(command), timestamp: NOW });
  };
  /** An updater with an empty store. */
  const start = async () => {
    const closers: (() => Promise<unknown>)[] = [];
    const failures: unknown[] = [];
    const lifecycle: Lifecycle = {
      onClose: (_what, close) => void closers.push(close),
      onKill: () => undefined,
      failWith: (_what, failed) => void failed.catch((error: unknown) => failures.push(error)),
    };
    const store = createMemoryFoldStore(2);
    const parts = { namespace: NAMESPACE, genesis, store, log, codec, original: {} as OriginalClient };
    const service = await startUpdaterService(
      { ...parts, logger: silentLogger(), metrics: noMetrics(), time },
      lifecycle,
    );
    await eventually(async () => expect(service.starting()).toBeUndefined());
    const stop = async (): Promise<void> => {
      for (const close of closers.toReversed()) await close();
      expect(failures).toEqual([]);
    };
    return { service, store, stop };
  };
  return { log, codec, send, start };
};

/** Ids of creates that lie where `isDecidable` wants them, by partition. */
const idsOf = async (partition: number, count: number): Promise<string[]> => {
  const { partitionOfCreate } = await import('../../shared/domain/partition.ts');
  const all = Array.from({ length: 200 }, (_, index) => `p${partition}-${index}`);
  return all.filter((id) => partitionOfCreate(id, 2) === partition).slice(0, count);
};

test('a partition whose commands were cut off stands as stuck, the other goes on, and marks bring it back', async () => {
  const { log, codec, send, start } = await world();
  const [zero, one] = [await idsOf(0, 6), await idsOf(1, 2)];
  const first = await start();
  for (const id of zero.slice(0, 4)) await send(id);
  await eventually(async () => expect(first.store.state(0).header.position).toBe(3));
  await first.stop();
  // The broker comes back with one command of four.
  log.deleteTopic(COMMANDS);
  await log.createTopics([{ topic: COMMANDS, partitions: 2, settings: {} }]);
  await send(zero[0]!);

  const second = await start();
  const [stuck, other] = second.service.statuses();
  expect(stuck).toMatchObject({
    state: 'stuck',
    reason: expect.stringMatching(/^commands\/0 ends at 1, the fold has decided 3: /),
  });
  expect(other!.state).toBe('deciding');
  expect(second.service.notReady()).toBeUndefined();
  await send(one[0]!);
  await eventually(async () => expect(second.store.state(1).header.position).toBe(0));

  const repair = { namespace: NAMESPACE, partition: 0, position: 3, now: NOW, newId: randomUUID };
  expect(await restoreCommands(log, codec, repair)).toBe(3);
  expect((await log.endOffsets(COMMANDS))[0]).toBe(4);
  expect(await restoreCommands(log, codec, repair)).toBe(0);
  await eventually(async () => expect(second.service.statuses()[0]!.state).toBe('deciding'));
  await send(zero[4]!);
  await eventually(async () => expect(second.store.state(0).header.position).toBe(4));
  expect(second.store.state(0).answers.get(zero[4]!)?.answer.code).toBe('accepted');
  await second.stop();
});

test('a log is held against what was folded before its end was asked for, and what is read is not read again', async () => {
  const headers = [0, 1].map((partition) => ({ ...emptyHeader(partition), position: 4 }));
  const logger = silentLogger();
  const said = vi.spyOn(logger, 'error');
  const ends = [5, 3];
  /** Asked for the ends, another updater decides on. */
  const endOffsets = async (topic: string): Promise<number[]> => {
    const found = topic === COMMANDS ? [...ends] : [0, 0];
    headers.forEach(
      (header, partition) => (headers[partition] = { ...header, position: header.position + 1 }),
    );
    return found;
  };
  const logs = createCutOffLogs({
    namespace: NAMESPACE,
    genesis: { partitions: 2 } as Genesis,
    store: { state: (partition: number) => ({ header: headers[partition]! }) } as unknown as FoldStore,
    log: { endOffsets } as unknown as EventLog,
    codec: undefined as unknown as RecordCodec,
    original: undefined as unknown as OriginalClient,
    logger,
    metrics: noMetrics(),
    time,
  });
  const places = (positions: readonly LogPosition[]): string[] =>
    positions
      .filter(({ topic }) => topic === COMMANDS)
      .map(({ partition, offset }) => `${partition}/${offset}`);
  expect(places(await logs.readable())).toEqual(['0/5']);
  expect(said).toHaveBeenCalledTimes(1);

  const read: string[] = [];
  const { promise: again, resolve } = Promise.withResolvers<void>();
  void logs.watch(async (positions) => {
    read.push(...places(positions));
    resolve();
  });
  // Partition 0 is read by now, whatever its end was a moment ago.
  ends[0] = 1;
  await time.sleep(50);
  ends[1] = 100;
  await again;
  expect(read).toEqual([expect.stringMatching(/^1\//)]);
  expect([logs.status(0), logs.status(1)]).toEqual([undefined, undefined]);
  expect(said).toHaveBeenCalledTimes(1);
  logs.stop();
});
