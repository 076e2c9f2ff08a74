/** What every implementation of ThingStore does. Run by memory-thing-store.unit.test.ts and postgres-thing-store.int.test.ts. */
import type { Decision } from '../../shared/domain/answer.ts';
import { describe, expect, test } from 'vitest';
import { create, NOW, remove, thing, update } from '../../test/outcome-log.ts';
import { accepted, refused } from '../../shared/domain/answer.ts';
import { partitionOfCommand, thingCommand, type ThingCommand } from '../../shared/domain/command.ts';
import { emptyHeader } from '../../shared/domain/partition-state.ts';
import type { Api, Thing } from '../../shared/domain/thing.ts';
import type { ThingStore } from './thing-store.ts';

export const CONTRACT_PARTITIONS = 4;

/** As Original decides a command of the log, or without a fencing epoch a direct write, in the partition of the command. */
export const decide = (
  things: ThingStore,
  command: ThingCommand,
  fencingEpoch: number | null = null,
): Promise<Decision | 'not-master'> =>
  things.decide({
    partition: partitionOfCommand(command, CONTRACT_PARTITIONS),
    command,
    fencingEpoch,
    now: NOW,
  });

/** `open` gives an empty store whose partitions all belong to `master`; the caller closes what it opened. */
export const describeThingStore = (name: string, open: (master: Api) => Promise<ThingStore>): void => {
  const created = async (things: ThingStore, commandId = 'c'): Promise<Thing> => {
    const decision = await decide(things, create(commandId));
    if (decision === 'not-master' || decision.state === null) throw new Error('not created');
    return decision.state;
  };
  const outbox = async (things: ThingStore) => (await things.readOutbox(100)).map(({ entry }) => entry);

  describe(`${name}: a write`, () => {
    test('a create makes version 0 in the partition of its command, and the next id after it', async () => {
      const things = await open('original');
      const first = await created(things, 'c');
      const again = await created(things, 'c-2');
      expect(first).toMatchObject({
        name: 'a',
        foo: 1,
        version: 0,
        createdOn: NOW,
        updatedOn: NOW,
        deleted: false,
      });
      for (const { id } of [first, again]) expect(await things.thing(id)).toBeDefined();
      expect(first.id % CONTRACT_PARTITIONS).toBe(partitionOfCommand(create('c'), CONTRACT_PARTITIONS));
    });
    test('update and delete are compare-and-set: right, wrong and missing', async () => {
      const things = await open('original');
      const { id } = await created(things);
      expect(await decide(things, update('u', id, 0))).toMatchObject({
        answer: { code: 'accepted' },
        state: { version: 1, foo: 2 },
      });
      expect(await decide(things, update('v', id, 0))).toMatchObject({
        answer: { code: 'conflict', currentVersion: 1 },
        state: null,
      });
      expect(await decide(things, remove('r', id, 0))).toMatchObject({ answer: { code: 'conflict' } });
      expect(await decide(things, remove('d', id, 1))).toMatchObject({
        state: { version: 2, deleted: true, foo: 2 },
      });
      expect(await decide(things, update('w', id, 2))).toMatchObject({
        answer: { code: 'absent', thingId: id },
      });
      expect(await decide(things, remove('x', 4_000, 0))).toMatchObject({
        answer: { code: 'absent', thingId: 4_000 },
      });
      expect(await things.thing(id)).toBeUndefined();
    });
    test('a read-only field that differs is refused, one that is equal is not', async () => {
      const things = await open('original');
      const { id } = await created(things);
      const sent = (commandId: string, version: number, createdOn: number | null, updatedOn: number | null) =>
        decide(
          things,
          thingCommand(
            { type: 'update', thingId: id, version, name: 'b', foo: 2, createdOn, updatedOn },
            commandId,
            NOW,
          ),
        );
      expect(await sent('u', 0, NOW + 1, null)).toMatchObject({
        answer: { code: 'readonly', field: 'created_on' },
      });
      expect(await sent('v', 0, NOW, NOW - 1)).toMatchObject({
        answer: { code: 'readonly', field: 'updated_on' },
      });
      expect(await sent('w', 0, NOW, NOW)).toMatchObject({ answer: { code: 'accepted' } });
    });
    test('a float is rounded, ties away from zero; one without room is refused, and the refusal is an answer', async () => {
      const things = await open('original');
      expect(await decide(things, create('c', 'a', -2.5))).toMatchObject({ state: { foo: -3 } });
      expect(await decide(things, create('d', 'a', 3e9))).toMatchObject({
        answer: { code: 'unrepresentable', field: 'foo', thingId: null },
      });
      const { id } = await created(things, 'e');
      expect(await decide(things, update('u', id, 0, 'b', 3e9))).toMatchObject({
        answer: { code: 'unrepresentable', thingId: id },
      });
      expect(await decide(things, update('v', id, 9, 'b', 3e9))).toMatchObject({
        answer: { code: 'conflict' },
      });
    });
    test('a repeated id gets its first decision, accepted or refused; another request under it is refused', async () => {
      const things = await open('original');
      const first = await decide(things, create('c'));
      const { id } = await created(things, 'e');
      const conflict = await decide(things, update('u', id, 5));
      await decide(things, update('v', id, 0));
      expect(await decide(things, create('c'))).toEqual(first);
      expect(await decide(things, update('u', id, 5))).toEqual(conflict);
      expect(await decide(things, create('c', 'other'))).toMatchObject({
        answer: { code: 'reused' },
        state: null,
      });
      expect(await decide(things, create('c'))).toEqual(first);
    });
    test('an id that was used in another partition is refused', async () => {
      const things = await open('original');
      const { id } = await created(things, 'c');
      const elsewhere = remove('c', id + 1, 0);
      expect(await decide(things, elsewhere)).toMatchObject({ answer: { code: 'reused' } });
      expect(await decide(things, elsewhere)).toMatchObject({ answer: { code: 'reused' } });
    });
    test('names of any kind come back as they were', async () => {
      const things = await open('original');
      const name_ = '\'; drop table things; -- \u{1F600} \\ " \u202e e\u0301 \r\n\t';
      const decision = await decide(things, create('c', name_));
      expect(decision).toMatchObject({ state: { name: name_ } });
    });
  });

  describe(`${name}: the master`, () => {
    test('P10: while Shiny is master, nothing is decided, but stored answers are given', async () => {
      const things = await open('shiny');
      expect(await decide(things, create('c'))).toBe('not-master');
      expect(await decide(things, create('c'), 0)).toBe('not-master');
      const decision = accepted(create('c'), thing(1));
      const partition = partitionOfCommand(create('c'), CONTRACT_PARTITIONS);
      await things.applyMirror(partition, 0, { nextOffset: 1, header: emptyHeader(partition) }, [decision]);
      expect(await decide(things, create('c'))).toEqual(decision);
    });
    test('it is read together with the Thing', async () => {
      const things = await open('original');
      const { id } = await created(things);
      expect(await things.thingWithMaster(id, id % CONTRACT_PARTITIONS)).toMatchObject({
        master: 'original',
        thing: { id },
      });
      expect(await things.thingWithMaster(4_000, 0)).toEqual({
        master: 'original',
        masterSinceEpoch: 0,
        thing: undefined,
      });
      expect(await things.mastership(3)).toEqual({
        master: 'original',
        epoch: 0,
        masterSinceEpoch: 0,
        refusedReason: null,
      });
    });
  });

  describe(`${name}: the outbox`, () => {
    test('holds each accepted write with its answer, and refusals of direct writes alone (P2)', async () => {
      const things = await open('original');
      const { id } = await created(things);
      await decide(things, update('direct', id, 7));
      await decide(things, update('of the log', id, 8), 0);
      await decide(things, update('accepted', id, 0), 0);
      expect(await outbox(things)).toMatchObject([
        { state: { id, version: 0 }, answer: { commandId: 'c', code: 'accepted' }, fence: null, epoch: 0 },
        { state: null, answer: { commandId: 'direct', code: 'conflict', currentVersion: 0 } },
        { state: { id, version: 1 }, answer: { commandId: 'accepted' } },
      ]);
    });
    test('a repeat adds nothing, and what is removed does not come back', async () => {
      const things = await open('original');
      await created(things);
      await created(things);
      const entries = await things.readOutbox(100);
      expect(entries).toHaveLength(1);
      await things.removeFromOutbox(entries);
      expect(await things.readOutbox(100)).toEqual([]);
    });
    test('a mark is passed once everything before it was published', async () => {
      const things = await open('original');
      expect(await things.outboxPassed(await things.outboxMark())).toBe(true);
      await created(things, 'before');
      const mark = await things.outboxMark();
      expect(await things.outboxPassed(mark)).toBe(false);
      const before = await things.readOutbox(100);
      await created(things, 'after');
      await things.removeFromOutbox(before);
      expect(await things.outboxPassed(mark)).toBe(true);
    });
    test('wakes who waits for it', async () => {
      const things = await open('original');
      const woken: boolean[] = [];
      things.onOutbox((isUrgent) => woken.push(isUrgent));
      await created(things);
      expect(woken).toEqual([true]);
      await things.outboxMark();
      expect(woken).toEqual([true, true]);
    });
  });

  describe(`${name}: the mirror`, () => {
    const checkpoint = (nextOffset: number) => ({
      nextOffset,
      header: { ...emptyHeader(1), position: nextOffset },
    });

    test('takes over states and answers, refused ones too, with its checkpoint', async () => {
      const things = await open('shiny');
      const refusal = refused(update('r', 1, 9), { code: 'conflict', currentVersion: 1 });
      const decisions = [accepted(create('c'), thing(1)), accepted(update('u', 1, 0), thing(1, 1)), refusal];
      expect(await things.applyMirror(1, 0, checkpoint(4), decisions)).toBe(true);
      expect(await things.thing(1)).toMatchObject({ version: 1, name: 'v1', foo: 1 });
      expect((await things.mirrorCheckpoints())[1]).toEqual(checkpoint(4));
      expect(await decide(things, update('r', 1, 9))).toEqual(refusal);
    });
    test('applies nothing from another checkpoint than its own', async () => {
      const things = await open('shiny');
      expect(await things.applyMirror(1, 3, checkpoint(4), [accepted(create('c'), thing(1))])).toBe(false);
      expect(await things.thing(1)).toBeUndefined();
      expect((await things.mirrorCheckpoints())[1]?.nextOffset).toBe(0);
    });
    test('P11: an older state changes nothing, a tombstone deletes', async () => {
      const things = await open('shiny');
      await things.applyMirror(1, 0, checkpoint(1), [accepted(create('c'), thing(1, 4))]);
      await things.applyMirror(1, 1, checkpoint(2), [accepted(update('u', 1, 1), thing(1, 2))]);
      expect(await things.thing(1)).toMatchObject({ version: 4 });
      await things.applyMirror(1, 2, checkpoint(3), [
        accepted(remove('d', 1, 4), thing(1, 5, { deleted: true })),
      ]);
      expect(await things.thing(1)).toBeUndefined();
    });
    test('is total: a value without room is clamped, and the answer keeps what Shiny said', async () => {
      const things = await open('shiny');
      const decisions = [
        accepted(update('u', 1, 0), thing(1, 1, { foo: 1e300 })),
        accepted(update('v', 5, 0), thing(5, 1, { foo: 0.1 + 0.2 })),
      ];
      expect(await things.applyMirror(1, 0, checkpoint(2), decisions)).toBe(true);
      expect(await things.thing(1)).toMatchObject({ foo: 2 ** 31 - 1 });
      expect(await decide(things, update('v', 5, 0))).toMatchObject({ state: { foo: 0.1 + 0.2 } });
    });
    test('refuses decisions of Shiny for a partition of which Original is master', async () => {
      const things = await open('original');
      await expect(
        things.applyMirror(1, 0, checkpoint(1), [accepted(create('c'), thing(1))]),
      ).rejects.toThrow('is not the master');
      expect(await things.applyMirror(1, 0, checkpoint(1), [])).toBe(true);
    });
  });

  test(`${name}: lists Things in id order, without deleted ones, page by page`, async () => {
    const things = await open('original');
    const all: Thing[] = [];
    for (let index = 0; index < 12; index++) all.push(await created(things, `c${index}`));
    const gone = all[3]!;
    await decide(things, remove('d', gone.id, 0));
    const expected = all
      .map(({ id }) => id)
      .filter((id) => id !== gone.id)
      .toSorted((a, b) => a - b);
    const first = await things.things(0, 5);
    const rest = await things.things(first.at(-1)!.id, 100);
    expect([...first, ...rest].map(({ id }) => id)).toEqual(expected);
  });
};
