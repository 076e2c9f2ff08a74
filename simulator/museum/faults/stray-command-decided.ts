import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P17',
  breaks: 'a command is decided in whatever partition it lies',
  replace: [
    {
      file: 'updater/deciding.ts',
      text: `if (isDecidable(command, partition, partitions)) return command;`,
      by: `if (isDecidable(command, partition, partitions) || partitions > 0) return command;`,
    },
  ],
};
