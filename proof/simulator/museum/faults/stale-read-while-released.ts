import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P9',
  breaks:
    'a no-cache read takes Shiny for the owner until `switched` is in the log, though Original writes already',
  replace: [
    {
      file: 'shiny-api/things-backend.ts',
      text: `if (owner === 'shiny' && released === null) return noted;`,
      by: `if (owner === 'shiny') return noted;`,
    },
    {
      file: 'shiny-api/things-backend.ts',
      text: 'const { owner, released, epoch } =',
      by: 'const { owner, epoch } =',
    },
  ],
};
