import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P6',
  breaks:
    'the updater moves the row while its own decisions are not read back, and Original looks at the master before the stored answer: if they are lost, nobody can decide these commands any more',
  replace: [
    {
      file: 'updater/partition/command-loop.ts',
      text: 'return speculation.unread() > 0 ? wakeup.wait() : switchSteps.next(command, offset);',
      by: 'return switchSteps.next(command, offset);',
    },
    {
      file: 'original-api/store/memory-thing-store.ts',
      text: `      const stored = answers.get(command.commandId)?.get(partition);
      if (stored !== undefined) return repeated(stored, command);`,
      by: `      const row = mastership[partition]!;
      if (row.master !== 'original') return 'not-master';
      const stored = answers.get(command.commandId)?.get(partition);
      if (stored !== undefined) return repeated(stored, command);`,
    },
  ],
};
