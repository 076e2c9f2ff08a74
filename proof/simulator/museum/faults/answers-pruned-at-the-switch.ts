import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P14',
  breaks:
    'stored answers are thrown away when the master changes: a retry that crosses the switch is decided anew',
  replace: [
    {
      file: 'shared/domain/fold.ts',
      text: `  const backToOriginal = master === 'shiny' && counted.header.master === 'original';`,
      by: `  const backToOriginal = master === 'shiny' && counted.header.master === 'original';
  if (master !== counted.header.master) (state.answers as Map<string, StoredAnswer>).clear();`,
    },
  ],
};
