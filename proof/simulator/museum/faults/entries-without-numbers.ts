import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P16',
  breaks:
    'an entry of the feed counts whatever its number: behind one that is missing, and from a database that was set back',
  world: 'set-back',
  replace: [
    {
      file: 'shared/domain/fold.ts',
      text: '  if (number > header.entryNumber + 1) return undefined;\n',
      by: '',
    },
    {
      file: 'shared/domain/divergence.ts',
      text: '  if (entry.number > next)\n',
      by: '  if (entry.number > next + 1_000_000)\n',
    },
    {
      file: 'updater/partition/feed-loop.ts',
      text: '        if (entry.number === next) next++;\n',
      by: '        next = entry.number + 1;\n',
    },
    {
      file: 'original-api/store-watch.ts',
      text: 'header.feedPosition + 1 >= noted.feedEnd && header.entryNumber < noted.removed',
      by: 'header.entryNumber > noted.removed + noted.feedEnd',
    },
  ],
};
