import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P14',
  breaks:
    'stored answers are thrown away when the owner changes: a retry that crosses the switch is decided anew',
  replace: [
    {
      file: 'shared/domain/fold.ts',
      text: `  const backToOriginal = owner === 'shiny' && counted.header.owner === 'original';`,
      by: `  const backToOriginal = owner === 'shiny' && counted.header.owner === 'original';
  if (owner !== counted.header.owner) (state.answers as Map<string, StoredAnswer>).clear();`,
    },
  ],
};
