/**
 * When all is quiet, every partition can still be switched (P12). The row may be one epoch ahead of the log, if one updater
 * skipped a switch while another aborted it; then the next switch is refused, once.
 */
import type { World } from './world.ts';

const TRIES_MAX = 2;
const SWITCH_MAX_MS = 30_000;

/** The violations, by sentence. */
export const switchEachPartition = async (world: World): Promise<string[]> => {
  const violations: string[] = [];
  for (let partition = 0; partition < world.genesis.partitions; partition++) {
    const reason = await switchOnce(world, partition);
    if (reason !== undefined)
      violations.push(`partition ${partition} cannot be switched any more, all is quiet: ${reason} (P12)`);
  }
  return violations;
};

const switchOnce = async (world: World, partition: number): Promise<string | undefined> => {
  const { requests, store } = world.updaters[0]!.node()!;
  let reason = '';
  for (let tries = 1; tries <= TRIES_MAX; tries++) {
    const id = `final-${partition}-${tries}`;
    const to = store.state(partition).header.master === 'shiny' ? 'original' : 'shiny';
    const partitions = [partition];
    void requests.send({
      id,
      to,
      partitions,
      expectedEpochs: {},
      deadlineMs: SWITCH_MAX_MS,
      allowLoss: true,
    });
    const isDecided = (): boolean => store.state(partition).switches.get(id) !== undefined;
    if (!(await world.time.run(isDecided, SWITCH_MAX_MS)))
      return `no result after ${SWITCH_MAX_MS} virtual ms`;
    const result = store.state(partition).switches.get(id)!;
    if (result.result === 'switched') return undefined;
    reason = `${result.result}, ${result.reason ?? ''}`;
  }
  return reason;
};
