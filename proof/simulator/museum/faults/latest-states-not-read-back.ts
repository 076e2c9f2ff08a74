import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P15',
  breaks:
    'the publisher of the latest states does not look at what it has sent: a late old state stands for ever',
  replace: [
    {
      file: 'updater/things-topic/things-publisher.ts',
      text: `      shown.set(id, { version, foo });
      changed(id);`,
      by: '      shown.set(id, { version: Math.max(version, shown.get(id)?.version ?? 0), foo });',
    },
  ],
};
