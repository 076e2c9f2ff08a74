import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P9',
  breaks:
    'a no-cache read takes what it has folded for the latest because Original is not the master of the partition any more',
  replace: [
    {
      file: 'shiny-api/things-backend.ts',
      text: 'if (masterSinceEpoch <= epoch) return noted;',
      by: 'if (masterSinceEpoch >= 0) return noted;',
    },
  ],
};
