import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P5',
  breaks:
    'the switch is done when the row says so, without waiting for what Original has written before its fence',
  seen: 'vitess#6951: writes were switched without waiting for the target to catch up',
  replace: [
    {
      file: 'shared/domain/fold.ts',
      text: `switched.master === 'shiny' ? header.fence?.epoch === switched.epoch :`,
      by: `switched.master === 'shiny' ? true :`,
    },
    {
      file: 'updater/switch/switch-decision.ts',
      text: `row.master === 'shiny' ? header.fence?.epoch === row.epoch :`,
      by: `row.master === 'shiny' ? true :`,
    },
  ],
};
