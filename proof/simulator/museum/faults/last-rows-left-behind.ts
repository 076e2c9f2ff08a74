import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P8',
  breaks: 'the mirror flips the row before the last decisions are in the tables',
  seen: 'spirit#156: the last rows of the copy were lost at the cut-over',
  replace: [
    {
      file: 'original-api/mirror.ts',
      text: 'const left = segment.byShiny.filter(({ offset }) => offset >= checkpoint.storedOffset);',
      by: `const all = segment.byShiny.filter(({ offset }) => offset >= checkpoint.storedOffset);
      const left = released === undefined ? all : all.slice(0, -1);`,
    },
  ],
};
