/** What others write into the topics of commands and feed by mistake: nobody can read it, or it lies where it cannot be decided (P17). */
import { thingCommand, type ThingCommand } from '../../shared/domain/command.ts';
import { topicName } from '../../shared/records/topics.ts';
import type { FaultRates } from './fault-rates.ts';
import type { Random } from './random.ts';
import { NAMESPACE, type World } from './world.ts';

export interface ForeignRecords {
  end(): void;
}

export const startForeignRecords = (world: World, rates: FaultRates, random: Random): ForeignRecords => {
  const { codec, genesis, coverage, time } = world;
  let ended = false;

  const strayCommand = (partition: number): Buffer =>
    codec.encode(
      thingCommand(
        { type: 'delete', thingId: genesis.partitions * random.between(1, 9) + partition + 1, version: 0 },
        `stray-${time.now()}-${partition}`,
        time.now(),
      ),
    );
  const homeCommand = (partition: number, name: string): ThingCommand =>
    thingCommand(
      {
        type: 'update',
        thingId: genesis.partitions * random.between(1, 9) + partition,
        version: 0,
        name,
        foo: 1,
        createdOn: null,
        updatedOn: null,
      },
      `broken-${time.now()}-${partition}`,
      time.now(),
    );
  const namelessCommand = (partition: number): Buffer => codec.encode(homeCommand(partition, ''));
  const rehashedCommand = (partition: number): Buffer =>
    codec.encode({ ...homeCommand(partition, 'a'), payloadHash: '0'.repeat(32) });
  const draw = (partition: number): { what: string; value: Buffer } => {
    const command = strayCommand(partition);
    const kinds = [
      { what: 'garbage', value: Buffer.from('not a record') },
      { what: 'a tombstone', value: Buffer.alloc(0) },
      { what: 'a record that is cut', value: command.subarray(0, command.length - random.between(1, 20)) },
      { what: 'a record of another topic', value: codec.encode(genesis) },
      { what: 'a command without a name', value: namelessCommand(partition) },
      { what: 'a command with the hash of another', value: rehashedCommand(partition) },
    ];
    // With one partition there is no other one.
    if (genesis.partitions > 1) kinds.push({ what: 'a command of another partition', value: command });
    return random.pick(kinds);
  };
  const write = async (): Promise<void> => {
    const partition = random.between(0, genesis.partitions - 1);
    const suffix = random.pick(['things.commands', 'things.original'] as const);
    const { what, value } = draw(partition);
    coverage.saw(`fault: ${what} in ${suffix}`);
    await world.append(topicName(NAMESPACE, suffix), { partition, key: '', value, timestamp: time.now() });
  };
  const again = (): void => {
    if (ended) return;
    void write();
    time.after(random.between(1, 2 * rates.foreignEveryMs), again);
  };
  if (rates.foreignEveryMs > 0) time.after(random.between(1, 2 * rates.foreignEveryMs), again);
  return {
    end: () => {
      ended = true;
    },
  };
};
