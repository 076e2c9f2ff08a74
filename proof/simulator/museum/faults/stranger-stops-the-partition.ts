import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P17',
  breaks: 'a record that nobody can read ends whoever reads it, again and again',
  replace: [
    {
      file: 'updater/partition/service.ts',
      text: `if (command.type === 'unreadable') return { type: 'invalid', reason: command.reason };`,
      by: `if (command.type === 'unreadable') throw new Error(command.reason);`,
    },
  ],
};
