import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P18',
  breaks: 'the mirror of an older Original brings Things without a field that clients may set',
  replace: [
    {
      file: 'original-api/mirror.ts',
      text: 'checkDecided(record.outcome, header.partition, record.offset, knownFeatures);',
      by: '',
    },
  ],
};
