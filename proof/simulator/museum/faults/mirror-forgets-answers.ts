import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P2',
  breaks: 'the mirror takes over states without answers: after the switch back a retry is decided anew',
  replace: [
    {
      file: 'original-api/store/memory-thing-store.ts',
      text: `        store(partition, decision);
      }
      if (`,
      by: `      }
      if (`,
    },
  ],
};
