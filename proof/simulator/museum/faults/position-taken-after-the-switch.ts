import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P4',
  breaks:
    'what Original writes before the switch back is in the log is passed over: the feed goes on from where it is then',
  seen: 'spirit#1207: the position of the reverse feed was taken after the switch',
  replace: [
    {
      file: 'updater/partition/feed-loop.ts',
      text: `if (first === undefined || master !== 'original') return wakeup.wait();`,
      by: `if (master !== 'original') queue = [];
    if (first === undefined || master !== 'original') return wakeup.wait();`,
    },
  ],
};
