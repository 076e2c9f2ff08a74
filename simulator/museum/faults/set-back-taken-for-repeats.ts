import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P16',
  breaks:
    'entries of a database that was set back are taken for entries that came before: their writes are passed over',
  seen: 'sliceworkz/eventstore#143: a restored database gives positions a second time',
  world: 'set-back',
  replace: [
    {
      file: 'shared/domain/divergence.ts',
      text: '  if (entry.number < next) return repeatFault(state, entry);',
      by: '  if (entry.number < next) return undefined;',
    },
    {
      file: 'original-api/store-watch.ts',
      text: '  if (header.entryNumber > removed + waiting)\n',
      by: '  if (header.entryNumber > removed + waiting + 1_000_000)\n',
    },
  ],
};
