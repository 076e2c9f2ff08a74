/** What a real broker refuses, through both clients: certainly not stored, said so at once, and others go on. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { createLogger, silentLogger, type Logger } from '../../process/logger.ts';
import { AppendNotStoredError, AppendRefusedError, type AppendRecord, type EventLog } from '../event-log.ts';
import { connectKafkaLog } from './connect-kafka-log.ts';
import { KAFKA_CLIENTS } from '../kafka-access.ts';
import { kafkaOperator, type KafkaOperator } from '../kafkajs/operator.ts';
import { TOPIC_MAX_MESSAGE_BYTES, TOPIC_SETTINGS } from '../../records/topics.ts';

const HOUR_MS = 3_600_000;
const LARGE_BYTES = 64 * 1024;
const STRICT = { 'max.message.bytes': '20000', 'message.timestamp.after.max.ms': String(HOUR_MS) };
const brokers = (): string[] => inject('stack').KAFKA_BROKERS.split(',');

const record = (change: Partial<AppendRecord> = {}): AppendRecord => ({
  partition: 0,
  key: 'k',
  value: Buffer.from('v'),
  timestamp: Date.now(),
  ...change,
});

describe.each(KAFKA_CLIENTS)('through %s', (client) => {
  let log: EventLog;
  let operator: KafkaOperator;
  const access = () => ({ client, brokers: brokers(), clientId: 'refusals', replicationFactor: 1 });
  beforeAll(async () => {
    [log, operator] = await Promise.all([
      connectKafkaLog(access(), silentLogger()),
      kafkaOperator(brokers()),
    ]);
  });
  afterAll(async () => {
    await log.close();
    await operator.close();
  });
  const newTopic = async (settings: Readonly<Record<string, string>>): Promise<string> => {
    const topic = `refusals-${randomUUID()}`;
    await operator.createTopic(topic, 2, settings);
    return topic;
  };

  test('a time that the broker does not take is refused at once, by name, and nothing is stored', async () => {
    const topic = await newTopic(STRICT);
    await log.append(topic, record());
    const started = performance.now();
    const ahead = log.append(topic, record({ timestamp: Date.now() + 2 * HOUR_MS }));
    await expect(ahead).rejects.toThrow(AppendRefusedError);
    await expect(ahead).rejects.toMatchObject({ broker: 'INVALID_TIMESTAMP' });
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(await log.endOffsets(topic)).toEqual([1, 0]);
    expect(await log.append(topic, record())).toBe(1);
  });

  test('our topics take any time, and the largest record', async () => {
    const topic = await newTopic(TOPIC_SETTINGS['things.commands']);
    for (const timestamp of [1, Date.now() - 1_000 * HOUR_MS, Date.now() + 1_000 * HOUR_MS])
      await log.append(topic, record({ timestamp }));
    await log.append(topic, record({ value: Buffer.alloc(3 * LARGE_BYTES) }));
    await log.append(topic, record({ value: Buffer.alloc(TOPIC_MAX_MESSAGE_BYTES - 1_000) }));
    const large = Array.from({ length: 40 }, () =>
      log.append(topic, record({ value: Buffer.alloc(LARGE_BYTES) })),
    );
    await Promise.all(large);
    expect(await log.endOffsets(topic)).toEqual([45, 0]);
  });

  test('a batch that is too large is stored in parts, in order', async () => {
    const topic = await newTopic(STRICT);
    const offsets = await Promise.all(
      Array.from({ length: 20 }, () => log.append(topic, record({ value: Buffer.alloc(3_000) }))),
    );
    expect(offsets).toEqual(offsets.map((_, index) => index));
  });

  test('a record that is too large is refused, and never holds up what comes after it', async () => {
    const topic = await newTopic(STRICT);
    const results = await Promise.allSettled(
      [10, 30_000, 10].map((bytes) => log.append(topic, record({ value: Buffer.alloc(bytes) }))),
    );
    const other = log.append(topic, record({ partition: 1 }));
    expect(results[0]).toMatchObject({ status: 'fulfilled', value: 0 });
    expect(results[1]).toMatchObject({ reason: { name: 'AppendRefusedError', isTooLarge: true } });
    expect(results[2]).toMatchObject({ reason: expect.any(AppendNotStoredError) as unknown });
    expect(await other).toBe(0);
    expect(await log.append(topic, record())).toBe(1);
  });

  test('a topic that is not there holds up no other, and nothing is stored', async () => {
    const topic = await newTopic({});
    await log.append(topic, record());
    const missing = log.append(`${topic}-missing`, record());
    missing.catch(() => undefined);
    const started = performance.now();
    await log.append(topic, record());
    expect(performance.now() - started).toBeLessThan(1_000);
    await expect(missing).rejects.toThrow(AppendNotStoredError);
  });

  test('a topic with other settings is said at start, once per topic', async () => {
    const topic = await newTopic({ 'message.timestamp.after.max.ms': '1000' });
    const lines: string[] = [];
    const logger = createLogger('t', { level: 'warn', pretty: false });
    const spy = vi.spyOn(logger, 'warn').mockImplementation(((fields: object, sentence: string) => {
      lines.push(`${JSON.stringify(fields)} ${sentence}`);
    }) as Logger['warn']);
    const own = await connectKafkaLog(access(), logger);
    await own.createTopics([{ topic, partitions: 2, settings: TOPIC_SETTINGS['things.commands'] }]);
    await own.close();
    spy.mockRestore();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('"name":"message.timestamp.after.max.ms","is":"1000"');
  });
});
