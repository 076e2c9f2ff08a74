import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P2',
  breaks: 'a direct write that was refused leaves no outbox row: after the switch its retry is accepted',
  replace: [
    {
      file: 'original-api/store/memory-thing-store.ts',
      text: 'if (state !== null || fencingEpoch === null) {',
      by: 'if (state !== null) {',
    },
  ],
};
