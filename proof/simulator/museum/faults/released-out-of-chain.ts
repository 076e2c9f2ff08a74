import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P8',
  breaks:
    'a `released` counts whatever lies before it, and is written behind decisions that were not read back: they are left behind',
  replace: [
    {
      file: 'updater/partition/command-loop.ts',
      text: 'return speculation.unread() > 0 ? wakeup.wait() : switchSteps.next(command, offset);',
      by: 'return switchSteps.next(command, offset);',
    },
    {
      file: 'shared/domain/fold.ts',
      text: 'if (outcome.previousOffset !== header.position || outcome.previousDigest !== header.digest)',
      by: `if (outcome.type !== 'released' && (outcome.previousOffset !== header.position || outcome.previousDigest !== header.digest))`,
    },
  ],
};
