import { expect, test } from 'vitest';
import { create, PARTITIONS } from '../../test/outcome-log.ts';
import { createRecordCodec } from '../records/record-codec.ts';
import { memorySchemaRegistry } from '../records/schema-registry.ts';
import {
  AppendNotStoredError,
  AppendOverflowError,
  AppendRefusedError,
  AppendUnknownError,
} from '../log/event-log.ts';
import { createMemoryLog } from '../log/memory-log.ts';
import { systemTime } from '../process/time.ts';
import { createCommandSender, type CommandSender } from './command-sender.ts';
import { createOutcomeWaiter } from './outcome-waiter.ts';

const RESPONSE_WAIT_MS = 400;
const LATE_MS = 60;

/** A log whose appends go as `plan` says, the last word for ever: an error, 'stored', or 'hangs'. */
const senderOn = async (
  ...plan: readonly (Error | 'stored' | 'hangs')[]
): Promise<{ sender: CommandSender; tries: () => number }> => {
  let tries = 0;
  const append = async (): Promise<number> => {
    const step = plan[Math.min(tries++, plan.length - 1)]!;
    if (step === 'hangs') return new Promise(() => undefined);
    if (step === 'stored') return 7;
    throw step;
  };
  const sender = createCommandSender({
    namespace: 'test',
    genesis: { type: 'genesis', id: 'g', format: 2, partitions: PARTITIONS, master: 'shiny' },
    log: { ...createMemoryLog(), append },
    codec: await createRecordCodec(memorySchemaRegistry(), 'test'),
    waiter: createOutcomeWaiter(),
    responseWaitMs: RESPONSE_WAIT_MS,
    time: systemTime,
    unknownHeaders: (commandId) => ({ location: `/api/commands/${commandId}` }),
  });
  return { sender, tries: () => tries };
};
const failed = async (sender: CommandSender): Promise<{ error: unknown; ms: number }> => {
  const started = performance.now();
  const error: unknown = await sender.send(create('c')).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { error, ms: performance.now() - started };
};
const AHEAD = new AppendRefusedError('INVALID_TIMESTAMP', 'Kafka refuses the record: INVALID_TIMESTAMP');
const NO_ANSWER = new AppendUnknownError('no answer');
const NOT_STORED = new AppendNotStoredError('nobody leads');

test('what is refused is 503 at once, and nothing was written', async () => {
  const { sender, tries } = await senderOn(AHEAD);
  const { error, ms } = await failed(sender);
  expect(error).toMatchObject({ code: 'unavailable', status: 503 });
  expect(error).toMatchObject({
    message: 'nothing was written: Kafka refuses the record: INVALID_TIMESTAMP',
  });
  expect(ms).toBeLessThan(LATE_MS);
  expect(tries()).toBe(1);
});

test('what is too large is 413, and a full queue 503, both at once', async () => {
  const large = await failed((await senderOn(new AppendRefusedError('MESSAGE_TOO_LARGE', 'no'))).sender);
  expect(large.error).toMatchObject({ status: 413 });
  const full = await failed((await senderOn(new AppendOverflowError('20000 records wait'))).sender);
  expect(full.error).toMatchObject({ status: 503, message: 'nothing was written: 20000 records wait' });
  expect(Math.max(large.ms, full.ms)).toBeLessThan(LATE_MS);
});

test('what may be stored is tried again, and is not known until then', async () => {
  expect(await (await senderOn(NO_ANSWER, NOT_STORED, 'stored')).sender.send(create('c'))).toMatchObject({
    offset: 7,
  });
  const { error } = await failed((await senderOn(NO_ANSWER, NOT_STORED)).sender);
  expect(error).toMatchObject({ code: 'outcome-unknown', headers: { location: '/api/commands/c' } });
});

test('a refusal says nothing about the try before it', async () => {
  const { error } = await failed((await senderOn(NO_ANSWER, AHEAD)).sender);
  expect(error).toMatchObject({ code: 'outcome-unknown' });
});

test('a command that never left is certainly not written, one that is under way may be', async () => {
  const away = await failed((await senderOn(NOT_STORED)).sender);
  expect(away.error).toMatchObject({ code: 'unavailable' });
  const underWay = await failed((await senderOn(NOT_STORED, 'hangs')).sender);
  expect(underWay.error).toMatchObject({ code: 'outcome-unknown' });
});

test('after the answer nothing is sent any more', async () => {
  const { sender, tries } = await senderOn(NOT_STORED);
  await failed(sender);
  const before = tries();
  await systemTime.sleep(3 * RESPONSE_WAIT_MS);
  expect(tries()).toBe(before);
  expect(before).toBeGreaterThan(1);
});
