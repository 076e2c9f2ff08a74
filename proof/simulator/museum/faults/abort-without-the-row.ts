import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P12',
  breaks: 'a switch is refused in the log, while the row may have gone on',
  seen: 'vitess#17326: a half-failed switch could neither go on nor be undone',
  replace: [
    {
      file: 'updater/switch/switch-actions.ts',
      text: `        const moved = await row.ask(() => original.abortSwitch(partition, epoch, action.reason));
        if (moved?.epoch === epoch && moved.master === header.master) onStep({ kind: 'aborted', command });
        return;`,
      by: `        const { reason } = action;
        return write(command, 'refused', { type: 'refused', ...link, epoch, offset, commandId, reason });`,
    },
  ],
};
