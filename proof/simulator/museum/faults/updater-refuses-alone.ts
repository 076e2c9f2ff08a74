import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P10',
  breaks: 'while Original is master the updater refuses what its own fold, which is behind, does not allow',
  replace: [
    {
      file: 'updater/partition/decide-now.ts',
      text: `if (known !== undefined) return { kind: 'decision', decision: known };`,
      by: `if (known !== undefined) return { kind: 'decision', decision: known };
  const own = decide(state, command);
  if (own.state === null) return { kind: 'decision', decision: own };`,
    },
  ],
};
