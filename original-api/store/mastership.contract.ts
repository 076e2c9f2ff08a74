/** What every implementation of ThingStore does when the mastership moves. */
import { describe, expect, test } from 'vitest';
import { create, thing, update } from '../../test/outcome-log.ts';
import { accepted } from '../../shared/domain/answer.ts';
import { partitionOfCommand } from '../../shared/domain/command.ts';
import { emptyHeader } from '../../shared/domain/partition-state.ts';
import type { Api } from '../../shared/domain/thing.ts';
import type { ThingStore } from './thing-store.ts';
import { CONTRACT_PARTITIONS, decide } from './thing-store.contract.ts';

export const describeOriginalSwitch = (name: string, open: (master: Api) => Promise<ThingStore>): void => {
  const partition = partitionOfCommand(create('c'), CONTRACT_PARTITIONS);
  const checkpoint = (nextOffset: number) => ({ nextOffset, header: emptyHeader(partition) });
  const outbox = async (things: ThingStore) => (await things.readOutbox(100)).map(({ entry }) => entry);

  describe(`${name}: the switch`, () => {
    test('a fence moves the row and lies behind every write, with the highest id that was given', async () => {
      const things = await open('original');
      const created = await decide(things, create('c'));
      const row = { master: 'shiny', epoch: 1, masterSinceEpoch: 1, refusedReason: null };
      expect(await things.fence(partition, 1)).toEqual(row);
      const idFloor = created === 'not-master' ? 0 : created.state!.id;
      expect(await outbox(things)).toMatchObject([
        { state: { id: idFloor }, fence: null, epoch: 0 },
        { state: null, answer: null, fence: { epoch: 1, idFloor } },
      ]);
      expect(await things.outboxSize(1)).toBe(1);
      expect(await things.outboxSize(9)).toBe(2);
      expect(await decide(things, update('u', idFloor, 0))).toBe('not-master');
      expect(await decide(things, create('c'))).toEqual(created);
    });
    test('a partition without Things has a fence too', async () => {
      const things = await open('original');
      await things.fence(partition, 1);
      expect(await outbox(things)).toMatchObject([{ fence: { epoch: 1, idFloor: 0 } }]);
    });
    test('P12: fence and abort are compare-and-sets of the epoch; who comes second gets the row as it is', async () => {
      const things = await open('original');
      expect(await things.fence(partition, 2)).toMatchObject({ master: 'original', epoch: 0 });
      await things.fence(partition, 1);
      expect(await things.fence(partition, 1)).toMatchObject({ master: 'shiny', epoch: 1 });
      expect(await things.abortSwitch(partition, 1, 'late')).toMatchObject({
        master: 'shiny',
        refusedReason: null,
      });
      expect(await outbox(things)).toHaveLength(1);
    });
    test('P12: an abort keeps master and masterSinceEpoch, moves the epoch, and says why; writes go on', async () => {
      const things = await open('original');
      const row = { master: 'original', epoch: 1, masterSinceEpoch: 0, refusedReason: 'too late' };
      expect(await things.abortSwitch(partition, 1, 'too late')).toEqual(row);
      expect(await things.fence(partition, 1)).toEqual(row);
      // P14: the fencing epoch is the fold's epoch, which may not know of the abort yet.
      expect(await decide(things, create('c'), 0)).toMatchObject({ answer: { code: 'accepted' } });
      expect(await outbox(things)).toMatchObject([{ epoch: 1 }]);
      expect(await things.fence(partition, 2)).toMatchObject({ master: 'shiny', refusedReason: null });
    });
    test('P8: what Shiny has let go of is taken back in the same transaction, and ids go on behind its own', async () => {
      const things = await open('shiny');
      const first = partition + 3 * CONTRACT_PARTITIONS;
      const lossy = thing(first, 0, { foo: 2.5 });
      const decisions = [accepted(create('c'), lossy)];
      const released = { epoch: 1, idFloor: first };
      expect(await things.applyMirror(partition, 0, checkpoint(1), decisions, released)).toBe(true);
      expect(await things.mastership(partition)).toMatchObject({
        master: 'original',
        epoch: 1,
        masterSinceEpoch: 1,
      });
      expect(await things.thing(first)).toMatchObject({ foo: 3 });
      // The partition of a create is that of its id; take one that lies in ours.
      const next = Array.from({ length: 50 }, (_, index) => create(`d${index}`)).find(
        (command) => partitionOfCommand(command, CONTRACT_PARTITIONS) === partition,
      )!;
      expect(await decide(things, next)).toMatchObject({ state: { id: first + CONTRACT_PARTITIONS } });
      expect(await decide(things, create('c'))).toMatchObject({ state: { foo: 2.5 } });
    });
    test('P12: a release whose switch was aborted, or a repeated one, changes no row', async () => {
      const things = await open('shiny');
      await things.abortSwitch(partition, 1, 'late');
      await things.applyMirror(partition, 0, checkpoint(1), [], { epoch: 1, idFloor: 0 });
      expect(await things.mastership(partition)).toMatchObject({
        master: 'shiny',
        epoch: 1,
        masterSinceEpoch: 0,
      });
      await things.applyMirror(partition, 1, checkpoint(2), [], { epoch: 2, idFloor: 0 });
      expect(await things.mastership(partition)).toMatchObject({
        master: 'original',
        epoch: 2,
        masterSinceEpoch: 2,
      });
      expect(await things.applyMirror(partition, 1, checkpoint(2), [], { epoch: 3, idFloor: 0 })).toBe(false);
    });
    test('P14: a command from before the last change of master is not decided anew', async () => {
      const things = await open('original');
      await things.fence(partition, 1);
      await things.applyMirror(partition, 0, checkpoint(1), [], { epoch: 2, idFloor: 0 });
      expect(await decide(things, create('c'), 1)).toBe('not-master');
      expect(await decide(things, create('c'), 2)).toMatchObject({ answer: { code: 'accepted' } });
    });
  });
};
