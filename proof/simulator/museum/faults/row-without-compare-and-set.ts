import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P12',
  breaks: 'the row takes whatever epoch comes: a paused updater undoes what was switched meanwhile',
  replace: [
    {
      file: 'original-api/store/memory-thing-store.ts',
      text: 'if (row.epoch !== epoch - 1 || (from !== undefined && row.master !== from)) return false;',
      by: 'if (from !== undefined && row.master !== from) return false;',
    },
  ],
};
