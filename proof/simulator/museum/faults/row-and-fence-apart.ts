import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P12',
  breaks: 'the row moves in one transaction and the fence is written in another, which may not come',
  seen: 'gh-ost#1755: a crash between the irreversible step and its record',
  replace: [
    {
      file: 'original-api/store/memory-thing-store.ts',
      text: `if (moveEpoch(partition, epoch, 'original', { master: 'shiny', refusedReason: null })) {`,
      by: `if (moveEpoch(partition, epoch, 'original', { master: 'shiny', refusedReason: null }) && epoch % 4 !== 3) {`,
    },
  ],
};
