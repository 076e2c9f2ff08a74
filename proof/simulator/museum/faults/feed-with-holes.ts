import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P4',
  breaks:
    'an observed entry counts if it is further than the last one: an entry that was lost on the way stays lost',
  replace: [
    {
      file: 'shared/domain/fold.ts',
      text: 'observed.previousFeedOffset !== header.feedPosition',
      by: 'observed.feedOffset <= header.feedPosition',
    },
  ],
};
