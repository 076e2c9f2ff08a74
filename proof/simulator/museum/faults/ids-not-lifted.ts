import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P5',
  breaks: 'Original goes on with its own sequence after the switch back: an id is given twice',
  replace: [
    {
      file: 'original-api/store/memory-thing-store.ts',
      text: 'row.idFloor = Math.max(row.idFloor, released.idFloor);',
      by: 'void released.idFloor;',
    },
  ],
};
