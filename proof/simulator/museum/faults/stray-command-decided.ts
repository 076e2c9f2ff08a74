import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P17',
  breaks: 'a command is decided in whatever partition it lies',
  replace: [
    {
      file: 'updater/partition/service.ts',
      text: 'return fault === undefined ? command :',
      by: 'return fault === undefined || partitions > 0 ? command :',
    },
  ],
};
