import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P11',
  breaks: 'the state of the last record is taken, whatever its version',
  replace: [
    {
      file: 'shared/domain/fold.ts',
      text: 'known === undefined || state.version > known.version;',
      by: 'known === undefined || state.version !== known.version;',
    },
  ],
};
