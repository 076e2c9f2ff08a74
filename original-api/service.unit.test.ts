/** Original serves no write, and is not ready, before its mirror has read the log to the end that was noted at start. */
import { expect, test } from 'vitest';
import { create, NOW } from '../test/outcome-log.ts';
import { eventually } from '../test/http-client.ts';
import { thingCommand } from '../shared/domain/command.ts';
import { createMemoryLog } from '../shared/log/memory-log.ts';
import { silentLogger } from '../shared/process/logger.ts';
import { createMetrics } from '../shared/process/metrics.ts';
import { scopedLifecycle } from '../shared/process/scoped-lifecycle.ts';
import { systemTime } from '../shared/process/time.ts';
import { createNamespace } from '../shared/records/namespace.ts';
import { createRecordCodec } from '../shared/records/record-codec.ts';
import { memorySchemaRegistry } from '../shared/records/schema-registry.ts';
import { topicName } from '../shared/records/topics.ts';
import { startOriginalService } from './service.ts';
import { memoryThingStore } from './store/memory-thing-store.ts';

const NAMESPACE = 'original';
const PARTITIONS = 2;

test('no write, and not ready, until the mirror has read to the end that was noted at start', async () => {
  const log = createMemoryLog();
  const codec = await createRecordCodec(memorySchemaRegistry(), NAMESPACE);
  const settings = {
    namespace: NAMESPACE,
    partitions: PARTITIONS,
    master: 'original',
    id: 'g',
    now: NOW,
  } as const;
  const genesis = await createNamespace(log, codec, settings);
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { lifecycle, close } = scopedLifecycle();
  const service = await startOriginalService(
    {
      namespace: NAMESPACE,
      genesis,
      things: memoryThingStore(PARTITIONS, 'original'),
      log: {
        ...log,
        tail: (positions, onRecords, linger) =>
          log.tail(
            positions,
            async (topic, ...read) => {
              if (topic === topicName(NAMESPACE, 'things.outcomes')) await released;
              await onRecords(topic, ...read);
            },
            linger,
          ),
      },
      codec,
      logger: silentLogger(),
      metrics: createMetrics('test'),
      time: systemTime,
      responseWaitMs: 1_000,
    },
    lifecycle,
  );
  const write = (commandId: string) =>
    service.backend.write(thingCommand({ type: 'create', name: 'a', foo: 1 }, commandId, NOW), {
      respondAsync: false,
    });
  expect(service.notReady()).toBe(`the mirror reads ${PARTITIONS} of ${PARTITIONS} partitions`);
  await expect(write('early')).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(/nothing was written, not ready/) as string,
  });
  await expect(service.calls.decide(0, 0, create('of-the-log'))).rejects.toMatchObject({
    code: 'unavailable',
  });

  release();
  await eventually(async () => expect(service.notReady()).toBeUndefined());
  expect(await write('late')).toMatchObject({ decision: { answer: { code: 'accepted' } } });
  await close();
}, 30_000);
