import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'Invariant 8',
  breaks: 'the deadline of a switch is compared with the clock of a machine other than the one that set it',
  replace: [
    {
      file: 'updater/switch/switch-decision.ts',
      text: 'return { ...command, deadline: now + leftMs };',
      by: 'return leftMs < 0 ? { ...command, deadline: now } : command;',
    },
  ],
};
