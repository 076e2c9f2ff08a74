import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P18',
  breaks:
    'an updater of an older release decides behind a feature that it does not know, until it reads that it is enabled',
  replace: [
    {
      file: 'updater/partition/command-loop.ts',
      text: 'checkKnown([command.feature], `commands/${partition} offset ${offset}`, parts.knownFeatures);',
      by: 'checkKnown([], `commands/${partition} offset ${offset}`, parts.knownFeatures);',
    },
  ],
};
