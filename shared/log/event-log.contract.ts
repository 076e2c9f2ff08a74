/** What every implementation of the log seam does. Run by memory-log.unit.test.ts and kafka-log.int.test.ts. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { OffsetGoneError, type EventLog, type LogPosition, type LogRecord } from './event-log.ts';
import { readFirst } from './read-first.ts';

const PARTITIONS = 3;
const WAIT = { timeout: 15_000, interval: 100 };

/** What somebody else does to the log, beside the seam. */
export interface LogOperator {
  deleteTopic(topic: string): Promise<void>;
  /** Deletes what lies before `offset`. */
  deleteRecords(topic: string, partition: number, offset: number): Promise<void>;
  appendTombstone(topic: string, partition: number, key: string): Promise<void>;
  /** Appends records in a transaction, which ends with a marker of its own. */
  transaction(
    topic: string,
    partition: number,
    values: readonly string[],
    end: 'commit' | 'abort' | 'open',
  ): Promise<void>;
  close(): Promise<void>;
}

export const describeEventLog = (
  name: string,
  open: () => Promise<{ log: EventLog; operator: LogOperator }>,
  { hasTransactions }: { readonly hasTransactions: boolean },
): void => {
  describe(`${name} as an event log`, () => {
    let log: EventLog;
    let operator: LogOperator;
    beforeAll(async () => {
      ({ log, operator } = await open());
    });
    afterAll(async () => {
      await log.close();
      await operator.close();
    });

    const newTopic = async (): Promise<string> => {
      const topic = `contract-${randomUUID()}`;
      await log.createTopics([{ topic, partitions: PARTITIONS, settings: {} }]);
      return topic;
    };
    const append = (topic: string, partition: number, value: string): Promise<number> =>
      log.append(topic, {
        partition,
        key: `key of ${value}`,
        value: Buffer.from(value),
        timestamp: 1_700_000_000_000,
      });
    const everywhere = (topic: string, offset = 0): LogPosition[] =>
      Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition, offset }));
    /** Reads until `count` records came, from whichever partitions. */
    const read = async (positions: LogPosition[], count: number): Promise<LogRecord[]> => {
      const found: LogRecord[] = [];
      const enough = Promise.withResolvers<void>();
      const tail = await log.tail(positions, async (_topic, _partition, records) => {
        found.push(...records);
        if (found.length >= count) enough.resolve();
      });
      await Promise.race([enough.promise, tail.failed]);
      await tail.stop();
      return found;
    };
    const texts = (records: LogRecord[]): string[] => records.map(({ value }) => value.toString());

    test('a topic is created once, with its partitions; another number of them is an error', async () => {
      const topic = await newTopic();
      await log.createTopics([{ topic, partitions: PARTITIONS, settings: {} }]);
      expect(await log.partitions(topic)).toBe(PARTITIONS);
      await expect(log.createTopics([{ topic, partitions: PARTITIONS + 1, settings: {} }])).rejects.toThrow(
        'partitions',
      );
      expect(await log.partitions(`${topic}-that-is-not-there`)).toBeUndefined();
    });

    test('offsets are dense per partition, and the end offset is the next one', async () => {
      const topic = await newTopic();
      expect(await log.endOffsets(topic)).toEqual([0, 0, 0]);
      expect(await append(topic, 1, 'a')).toBe(0);
      expect(await append(topic, 1, 'b')).toBe(1);
      expect(await append(topic, 2, 'c')).toBe(0);
      expect(await log.endOffsets(topic)).toEqual([0, 2, 1]);
    });

    test('a record comes back as it was, in its place', async () => {
      const topic = await newTopic();
      await append(topic, 2, 'first');
      expect(await readFirst(log, topic, 2)).toMatchObject({
        partition: 2,
        offset: 0,
        key: 'key of first',
        timestamp: 1_700_000_000_000,
      });
    });

    test('appends of one turn keep their order, and each gets its own offset', async () => {
      const topic = await newTopic();
      const values = Array.from({ length: 2_500 }, (_, index) => String(index));
      const offsets = await Promise.all(values.map((value) => append(topic, 0, value)));
      expect(offsets).toEqual(values.map(Number));
      expect(texts(await read([{ topic, partition: 0, offset: 0 }], values.length))).toEqual(values);
    });

    test('a tail begins at its offsets', async () => {
      const topic = await newTopic();
      for (const value of ['a', 'b', 'c']) await append(topic, 0, value);
      const records = await read([{ topic, partition: 0, offset: 1 }], 2);
      expect(texts(records)).toEqual(['b', 'c']);
      expect(records.map(({ offset }) => offset)).toEqual([1, 2]);
    });

    test('a tail goes on with what is appended later, in every partition and topic that it reads', async () => {
      const [topic, other] = [await newTopic(), await newTopic()];
      const found: string[] = [];
      const enough = Promise.withResolvers<void>();
      const tail = await log.tail(
        [...everywhere(topic), ...everywhere(other)],
        async (read_, _partition, records) => {
          found.push(
            ...records.map(({ value }) => `${read_ === topic ? 'topic' : 'other'} ${value.toString()}`),
          );
          if (found.length === 4) enough.resolve();
        },
      );
      await append(topic, 0, 'a');
      await append(other, 1, 'b');
      await append(topic, 2, 'c');
      await append(other, 0, 'd');
      await enough.promise;
      await tail.stop();
      expect(found.toSorted()).toEqual(['other b', 'other d', 'topic a', 'topic c']);
    });

    test('two tails read the same', async () => {
      const topic = await newTopic();
      await append(topic, 0, 'a');
      const both = await Promise.all([read(everywhere(topic), 1), read(everywhere(topic), 1)]);
      expect(both.map(texts)).toEqual([['a'], ['a']]);
    });

    test('a slow reader holds up its own partition only, and misses nothing', async () => {
      const topic = await newTopic();
      const slow = Promise.withResolvers<void>();
      const [otherRead, allRead] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const found: string[] = [];
      const tail = await log.tail(everywhere(topic), async (_topic, partition, records) => {
        if (partition === 0) await slow.promise;
        found.push(...texts(records));
        if (partition === 1) otherRead.resolve();
        if (found.length === 4) allRead.resolve();
      });
      await append(topic, 0, 'a');
      await append(topic, 0, 'b');
      await append(topic, 1, 'x');
      await otherRead.promise;
      expect(found).toEqual(['x']);
      slow.resolve();
      await append(topic, 0, 'c');
      await allRead.promise;
      await tail.stop();
      expect(found).toEqual(['x', 'a', 'b', 'c']);
    });

    test('a reader that throws ends the tail, and says why', async () => {
      const topic = await newTopic();
      const tail = await log.tail(everywhere(topic), async () => {
        throw new Error('cannot read this');
      });
      await append(topic, 0, 'a');
      await expect(tail.failed).rejects.toThrow('cannot read this');
      await tail.stop();
    });

    test('a tail that was stopped reads nothing more', async () => {
      const topic = await newTopic();
      const found: string[] = [];
      const tail = await log.tail(everywhere(topic), async (_topic, _partition, records) => {
        found.push(...texts(records));
      });
      await tail.stop();
      await append(topic, 0, 'a');
      expect(texts(await read(everywhere(topic), 1))).toEqual(['a']);
      expect(found).toEqual([]);
    });

    test('what is appended to a partition that is not there lands nowhere', async () => {
      const topic = await newTopic();
      await expect(append(topic, PARTITIONS, 'a')).rejects.toThrow(topic);
      expect(await log.endOffsets(topic)).toEqual([0, 0, 0]);
      expect(await append(topic, 0, 'b')).toBe(0);
    });

    /** Reads until the place is at `end`, whether or not records come. */
    const readTo = async (position: LogPosition, end: number): Promise<LogRecord[]> => {
      const found: LogRecord[] = [];
      const there = Promise.withResolvers<void>();
      const tail = await log.tail([position], async (_topic, _partition, records, next) => {
        for (const { offset } of records) expect(offset).toBeLessThan(next);
        found.push(...records);
        if (next >= end) there.resolve();
      });
      await Promise.race([there.promise, tail.failed]);
      await tail.stop();
      return found;
    };

    test('a topic is described: where it begins and ends, and an id that another topic of its name does not have', async () => {
      const topic = await newTopic();
      for (const value of ['a', 'b', 'c']) await append(topic, 1, value);
      await operator.deleteRecords(topic, 1, 2);
      const before = await log.describeTopic(topic);
      expect(before).toMatchObject({ begins: [0, 2, 0], ends: [0, 3, 0] });
      expect((await log.describeTopic(topic))?.id).toBe(before?.id);
      await operator.deleteTopic(topic);
      await vi.waitFor(async () => expect(await log.describeTopic(topic)).toBeUndefined(), WAIT);
      await vi.waitFor(() => log.createTopics([{ topic, partitions: PARTITIONS, settings: {} }]), WAIT);
      const after = await log.describeTopic(topic);
      expect(after?.ends).toEqual([0, 0, 0]);
      expect(after?.id).not.toBe(before?.id);
    });

    test('a topic whose first records are gone is not read from its beginning, unless it may begin later', async () => {
      const topic = await newTopic();
      for (const value of ['a', 'b', 'c']) await append(topic, 0, value);
      await operator.deleteRecords(topic, 0, 2);
      const from0 = { topic, partition: 0, offset: 0 } as const;
      const tailing = log.tail([from0], async () => undefined).then((tail) => tail.failed);
      await expect(tailing).rejects.toThrow(OffsetGoneError);
      await expect(tailing).rejects.toThrow(`${topic}/0 begins at offset 2`);
      const found = await readTo({ ...from0, mayBeginLater: true }, 3);
      expect(found.map(({ offset }) => offset)).toEqual([2]);
      await expect(readFirst(log, topic, 0)).rejects.toThrow(OffsetGoneError);
    });

    test('a topic that has lost all of its records, but may begin later, is at its end at once', async () => {
      const topic = await newTopic();
      await append(topic, 0, 'a');
      await operator.deleteRecords(topic, 0, 1);
      expect(await readTo({ topic, partition: 0, offset: 0, mayBeginLater: true }, 1)).toEqual([]);
    });

    test.each([1, 9])(
      'a tail ends when its topic was deleted and created again, with %i records',
      async (count) => {
        const topic = await newTopic();
        await append(topic, 0, 'a');
        await append(topic, 0, 'b');
        const found: string[] = [];
        const tail = await log.tail(everywhere(topic), async (_topic, _partition, records) => {
          found.push(...texts(records));
        });
        await vi.waitFor(() => expect(found).toEqual(['a', 'b']), WAIT);
        await operator.deleteTopic(topic);
        await vi.waitFor(async () => expect(await log.partitions(topic)).toBeUndefined(), WAIT);
        await vi.waitFor(() => log.createTopics([{ topic, partitions: PARTITIONS, settings: {} }]), WAIT);
        for (let index = 0; index < count; index++) await append(topic, 0, `new ${index}`);
        await expect(tail.failed).rejects.toThrow(OffsetGoneError);
        await tail.stop();
      },
    );

    test('a tail ends when its topic was deleted for good', async () => {
      const topic = await newTopic();
      const tail = await log.tail(everywhere(topic), async () => undefined);
      await operator.deleteTopic(topic);
      await expect(tail.failed).rejects.toThrow(`the topic ${topic} is not there any more`);
      await expect(tail.failed).rejects.toThrow(OffsetGoneError);
      await tail.stop();
    });

    test('what has no value is a tombstone, and moves the place', async () => {
      const topic = await newTopic();
      await append(topic, 0, 'a');
      await operator.appendTombstone(topic, 0, 'k');
      const found = await readTo({ topic, partition: 0, offset: 0 }, 2);
      expect(found).toMatchObject([{ offset: 0 }, { offset: 1, key: 'k', isTombstone: true }]);
      expect(found[0]).not.toHaveProperty('isTombstone');
      expect(found[1]?.value).toEqual(Buffer.alloc(0));
    });

    test('an offset behind the end is refused', async () => {
      const topic = await newTopic();
      const tailing = log
        .tail([{ topic, partition: 0, offset: 7 }], async () => undefined)
        .then((tail) => tail.failed);
      await expect(tailing).rejects.toThrow('offset');
    });

    if (!hasTransactions) return;

    test('markers of transactions move the place; what lies in one comes, committed or not, and nobody waits for its end', async () => {
      const { transaction } = operator;
      const topic = await newTopic();
      await transaction(topic, 0, ['a'], 'commit');
      await transaction(topic, 0, ['b'], 'abort');
      // A marker is written behind the answer.
      await vi.waitFor(async () => expect(await log.endOffsets(topic)).toEqual([4, 0, 0]), WAIT);
      expect(texts(await readTo({ topic, partition: 0, offset: 0 }, 4))).toEqual(['a', 'b']);
      // Nothing but a marker lies there.
      expect(await readTo({ topic, partition: 0, offset: 3 }, 4)).toEqual([]);
      await transaction(topic, 0, ['c'], 'open');
      expect(await append(topic, 0, 'd')).toBe(5);
      expect(await log.endOffsets(topic)).toEqual([6, 0, 0]);
      expect(texts(await readTo({ topic, partition: 0, offset: 4 }, 6))).toEqual(['c', 'd']);
    });
  });
};
