import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P12',
  breaks:
    'a refused switch moves the epoch of the row and not that of the log: every later switch is refused',
  seen: 'vitess#14276: a reverse that failed left no way back',
  replace: [
    {
      file: 'shared/domain/fold.ts',
      text: `            epoch: outcome.epoch,
            released: null,`,
      by: '            released: null,',
    },
  ],
};
