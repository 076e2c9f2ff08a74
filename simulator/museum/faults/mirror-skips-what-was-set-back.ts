import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P16',
  breaks:
    'the mirror goes on where it is, although its place in the database is an older one: decisions of Shiny are left out',
  world: 'set-back',
  replace: [
    {
      file: 'original-api/mirror.ts',
      text: '      if (stored < place.storedOffset) throw new StoreSetBackError(partition, stored, place.storedOffset);\n',
      by: '',
    },
  ],
};
