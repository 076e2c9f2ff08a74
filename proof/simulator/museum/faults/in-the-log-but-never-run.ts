import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'Invariant 8',
  breaks: 'a command that came while its updater was down is passed over',
  seen: 'capture-and-replay proxies: a request is in the log, and never ran',
  replace: [
    {
      file: 'updater/partition/cut-off-logs.ts',
      text: 'position: { topic: commandTopic, partition, offset: position + 1 },',
      by: 'position: { topic: commandTopic, partition, offset: Math.min(position + 2, commandEnds[partition]!) },',
    },
  ],
};
