import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P7',
  breaks: 'the master is checked first and the write done later: a fence gets in between',
  seen: 'gh-ost#887: a write slipped in between the rename and the lock',
  replace: [
    {
      file: 'original-api/store/memory-thing-store.ts',
      text: '      const decision = decideAnew(partition, command, now);',
      by: `      for (let turn = 0; turn < 40; turn++) await undefined;
      const decision = decideAnew(partition, command, now);`,
    },
  ],
};
