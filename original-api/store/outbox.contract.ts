/** How every implementation of ThingStore numbers the outbox (P16), says what was asked, and removes what is published. */
import { describe, expect, test } from 'vitest';
import { create, NOW, remove, update } from '../../test/outcome-log.ts';
import { partitionOfCommand, thingCommand, type ThingCommand } from '../../shared/domain/command.ts';
import type { Api } from '../../shared/domain/thing.ts';
import { DatabaseBehindError } from './database-errors.ts';
import type { ThingStore, OutboxEntry } from './thing-store.ts';
import { CONTRACT_PARTITIONS, decide } from './thing-store.contract.ts';

/** Waits until no stranger's transaction hides what is committed. */
export const wholeOutbox = async (things: ThingStore, limit = 1_000): Promise<OutboxEntry[]> => {
  for (let tries = 0; ; tries++) {
    const size = await things.outboxSize(limit);
    const entries = await things.readOutbox(limit);
    if (entries.length >= size) return entries;
    if (tries > 200) throw new Error(`${entries.length} of ${size} entries can be read`);
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
};

const partitionOf = (command: ThingCommand): number => partitionOfCommand(command, CONTRACT_PARTITIONS);
const numbersByPartition = (entries: readonly OutboxEntry[]): Map<number, number[]> => {
  const numbers = new Map<number, number[]>();
  for (const { partition, entry } of entries)
    numbers.set(partition, [...(numbers.get(partition) ?? []), entry.number]);
  return numbers;
};
const upTo = (count: number, from = 1): number[] => Array.from({ length: count }, (_, index) => from + index);

export const describeOriginalOutbox = (name: string, open: (master: Api) => Promise<ThingStore>): void => {
  const removedIn = async (things: ThingStore, partition: number): Promise<number> =>
    (await things.partitionFacts())[partition]!.removed;

  describe(`${name}: the numbers of the outbox`, () => {
    test('P16: 1, 2, 3, … in each partition, in the order of publication, and the same when read again', async () => {
      const things = await open('original');
      for (let index = 0; index < 20; index++) await decide(things, create(`c${index}`));
      const entries = await wholeOutbox(things);
      expect(entries).toHaveLength(20);
      const numbers = numbersByPartition(entries);
      expect(numbers.size).toBe(CONTRACT_PARTITIONS);
      for (const given of numbers.values()) expect(given).toEqual(upTo(given.length));
      expect(await wholeOutbox(things)).toEqual(entries);
      for (const { partition, removed, waiting } of await things.partitionFacts())
        expect({ removed, waiting }).toEqual({ removed: 0, waiting: numbers.get(partition)!.length });
    });
    test('P16: they go on behind what was removed, and who reads only a part gives the same ones', async () => {
      const things = await open('original');
      for (let index = 0; index < 12; index++) await decide(things, create(`c${index}`));
      const all = await wholeOutbox(things);
      const first = (await things.readOutbox(5)).slice(0, 5);
      expect(first).toEqual(all.slice(0, 5));
      await things.removeFromOutbox(first);
      expect(await wholeOutbox(things)).toEqual(all.slice(5));
      await decide(things, create('more'));
      const rest = await wholeOutbox(things);
      const counted = numbersByPartition([...first, ...rest]);
      for (const given of counted.values()) expect(given).toEqual(upTo(given.length));
    });
    test('two relays at once: what both read has one number, and is counted once when both remove it', async () => {
      const things = await open('original');
      const partition = partitionOf(create('c0'));
      const inPartition = upTo(200)
        .map((index) => create(`c${index}`))
        .filter((command) => partitionOf(command) === partition);
      for (const command of inPartition.slice(0, 4)) await decide(things, command);
      const one = await wholeOutbox(things);
      for (const command of inPartition.slice(4, 7)) await decide(things, command);
      const other = await wholeOutbox(things);
      expect(other.slice(0, 4)).toEqual(one);
      await Promise.all([things.removeFromOutbox(other), things.removeFromOutbox(one)]);
      await things.removeFromOutbox(other);
      expect(await removedIn(things, partition)).toBe(7);
      expect(await wholeOutbox(things)).toEqual([]);
      await decide(things, inPartition[7]!);
      expect((await wholeOutbox(things)).map(({ entry }) => entry.number)).toEqual([8]);
    });
    test('a fence has a number like any other entry', async () => {
      const things = await open('original');
      const command = create('c');
      await decide(things, command);
      await things.fence(partitionOf(command), 1);
      expect((await wholeOutbox(things)).map(({ entry }) => [entry.number, entry.fence?.epoch])).toEqual([
        [1, undefined],
        [2, 1],
      ]);
    });
  });

  describe(`${name}: what was asked`, () => {
    test('a direct write carries its request, a refused one too, as the client sent it', async () => {
      const things = await open('original');
      const decided = await decide(things, create('c', 'a', 1.5));
      const id = decided === 'not-master' ? 0 : decided.state!.id;
      const change = { thingId: id, version: 7, name: 'b', foo: 3e9, createdOn: NOW + 1, updatedOn: NOW };
      await decide(things, thingCommand({ type: 'update', ...change }, 'u', NOW + 5));
      await decide(things, remove('d', id, 9));
      await decide(things, create('refused', 'a', -3e9));
      const requests = new Map(
        (await wholeOutbox(things)).map(({ entry }) => [entry.answer?.commandId, entry.request]),
      );
      const none = { version: null, createdOn: null, updatedOn: null };
      expect(Object.fromEntries(requests)).toEqual({
        c: { requestedOn: NOW, name: 'a', foo: 1.5, ...none },
        u: {
          requestedOn: NOW + 5,
          version: 7,
          name: 'b',
          foo: 3e9,
          createdOn: NOW + 1,
          updatedOn: NOW,
        },
        d: { requestedOn: NOW, name: null, foo: null, ...none, version: 9 },
        refused: { requestedOn: NOW, name: 'a', foo: -3e9, ...none },
      });
    });
    test('a command of the log and a fence carry none', async () => {
      const things = await open('original');
      const command = create('c');
      const decided = await decide(things, command, 0);
      const id = decided === 'not-master' ? 0 : decided.state!.id;
      await decide(things, update('u', id, 0), 0);
      await things.fence(partitionOf(command), 1);
      expect((await wholeOutbox(things)).map(({ entry }) => entry.request)).toEqual([null, null, null]);
    });
  });

  test(`${name}: a fencing epoch above the epoch of the row says that the database is behind`, async () => {
    const things = await open('original');
    const command = create('c');
    await things.abortSwitch(partitionOf(command), 1, 'late');
    await expect(decide(things, command, 2)).rejects.toThrow(DatabaseBehindError);
    await expect(decide(things, command, 2)).rejects.toThrow(/the database was set back; .*master repair/);
    expect(await decide(things, command, 1)).toMatchObject({ answer: { code: 'accepted' } });
    // A stored answer has no effect, so it needs no epoch (P6).
    expect(await decide(things, command, 2)).toMatchObject({ answer: { code: 'accepted' } });
  });
};
