import type { PartitionMastershipJson } from '../../shared/contracts/switches.ts';
import { expect, test } from 'vitest';
import { CommandFault, EXIT } from '../client/exit.ts';
import { switchToAndFro } from './prove-switches.ts';
import type { UpdaterClient } from '../client/updater-client.ts';

const WAIT_MS = 300;
const away = async (): Promise<never> => {
  throw new CommandFault(EXIT.refused, 'not ready: it reads');
};
const partitions: PartitionMastershipJson[] = [
  { partition: 0, owner: 'original', epoch: 0, state: 'deciding', position: 0, waiting: 0, lag: 0 },
];
const updater = (more: Partial<UpdaterClient>): UpdaterClient => ({
  mastership: async () => ({ namespace: 'x', partitions }),
  dryRun: away,
  begin: away,
  switchOf: away,
  features: away,
  enable: away,
  ...more,
});

test.each([
  ['who is master', updater({ mastership: away })],
  ['a switch', updater({})],
  ['what became of it', updater({ begin: async () => ({}) as never })],
])('an updater that stays away when it is asked for %s ends it, as not known', async (_what, client) => {
  await expect(switchToAndFro(client, 1, () => undefined, WAIT_MS)).rejects.toMatchObject({
    status: EXIT.notKnown,
    message: 'the updater did not help for 300 ms: not ready: it reads',
  });
});

test('one that comes back in time is asked on', async () => {
  let asked = 0;
  const state = { id: 'x', partitions: [{ partition: 0, result: 'switched', steps: {} }] } as never;
  const client = updater({
    begin: async () => (asked++ === 0 ? away() : state),
    switchOf: async () => state,
  });
  expect(await switchToAndFro(client, 1, () => undefined, 5_000)).toMatchObject([{ result: 'switched' }]);
});
