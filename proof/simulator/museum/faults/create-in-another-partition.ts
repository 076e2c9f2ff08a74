import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P1',
  breaks:
    "Shiny gives the next number instead of the next id of the partition: a Thing is born in somebody else's partition",
  replace: [
    {
      file: 'shared/domain/decide.ts',
      text: 'nextThingId(header.partition, header.genesis!.partitions, header.idFloor)',
      by: 'header.idFloor + 1',
    },
    {
      file: 'shared/domain/decide.ts',
      text: `import { nextThingId } from './partition.ts';
`,
      by: '',
    },
  ],
};
