import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P7',
  breaks: 'the relay reads past a transaction that still runs: its row comes behind the fence',
  seen: 'vitess#9481: a transaction that began before the cut-over committed after it',
  replace: [
    {
      file: 'original-api/store/memory-thing-store.ts',
      text: 'readOutbox: async (limit) => numbered(outbox.slice(0, limit), removed),',
      by: 'readOutbox: async (limit) => numbered(outbox.slice(outbox.length > 1 ? 1 : 0, limit), removed),',
    },
  ],
};
