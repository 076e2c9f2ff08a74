import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P18',
  breaks: 'a Shiny of an older release goes on showing Things without a field that clients may set',
  replace: [
    {
      file: 'shared/replica/outcome-follower.ts',
      text: 'checkDecided(record.outcome, partition, record.offset, parts.knownFeatures);',
      by: '{}',
    },
  ],
};
