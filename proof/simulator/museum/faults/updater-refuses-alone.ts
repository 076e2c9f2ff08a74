import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P10',
  breaks: 'while Original is master the updater refuses what its own fold, which is behind, does not allow',
  replace: [
    {
      file: 'updater/partition/command-loop.ts',
      text: `if (known !== undefined || isLogCommand(command)) return known;`,
      by: `if (known !== undefined || isLogCommand(command)) return known;
    const own = decide(speculation, command);
    if (own.state === null) return own;`,
    },
  ],
};
