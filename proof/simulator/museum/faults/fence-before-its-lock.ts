import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P7',
  breaks:
    'the fence gets its place in the outbox before it has the lock: a write that committed meanwhile lies behind it',
  seen: 'vitess#16563: the position was taken before the tables were locked',
  replace: [
    {
      file: 'original-api/store/memory-thing-store.ts',
      text: `    outbox.push({ xid: '0', id: outboxId++, partition, entry });`,
      by: `    const place = entry.fence === null ? outbox.length : Math.max(0, outbox.length - 1);
    outbox.splice(place, 0, { xid: '0', id: outboxId++, partition, entry });`,
    },
  ],
};
