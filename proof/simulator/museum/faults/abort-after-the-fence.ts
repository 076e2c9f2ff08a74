import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P13',
  breaks: 'a switch whose deadline passes behind its fence is refused: nobody is master of the partition',
  replace: [
    {
      file: 'updater/switch/switch-decision.ts',
      text: 'if (row.epoch === header.epoch + 1) return finish(header, row);',
      by: `if (row.epoch === header.epoch + 1)
    return now > command.deadline ? { kind: 'write-refused', reason: 'too late' } : finish(header, row);`,
    },
  ],
};
