import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P7',
  breaks: 'the relay sends the entries of a batch without keeping their order',
  seen: 'gh-ost#653: the swap relied on an order that nobody promises',
  replace: [
    {
      file: 'original-api/outbox-relay.ts',
      text: '      entries.map(({ partition, entry }) =>',
      by: '      entries.toReversed().map(({ partition, entry }) =>',
    },
  ],
};
