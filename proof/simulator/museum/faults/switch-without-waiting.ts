import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P5',
  breaks:
    'the switch is done when the row says so, without waiting for what Original has written before its fence',
  seen: 'vitess#6951: writes were switched without waiting for the target to catch up',
  replace: [
    {
      file: 'shared/domain/fold.ts',
      text: `(master === 'shiny' ? header.fence?.epoch === epoch :`,
      by: `(master === 'shiny' ? true :`,
    },
  ],
};
