import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P9',
  breaks:
    'a no-cache read takes Shiny for the master until `switched` is in the log, though Original writes already',
  replace: [
    {
      file: 'shiny-api/things-backend.ts',
      text: `if (master === 'shiny' && released === null) return noted;`,
      by: `if (master === 'shiny') return noted;`,
    },
    {
      file: 'shiny-api/things-backend.ts',
      text: 'const { master, released, epoch } =',
      by: 'const { master, epoch } =',
    },
  ],
};
