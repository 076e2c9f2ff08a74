import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'Invariant 1',
  breaks:
    'a Shiny that has begun to read the log serves reads, before it has reached the end that it noted at its start',
  seen: 'pgcopydb#1049: that replay was making progress was taken for its end',
  replace: [
    {
      file: 'shiny-api/view.ts',
      text: `      follower.behind() +
      commandEnds.filter((end, partition) => commands.progress.next(partition) < end).length,`,
      by: '      Math.min(0, commandEnds.length),',
    },
  ],
};
