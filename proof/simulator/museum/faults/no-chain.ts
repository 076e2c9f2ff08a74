import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P3',
  breaks: 'whatever is of the right epoch counts: two updaters both decide a command',
  replace: [
    {
      file: 'shared/domain/fold.ts',
      text: `if (outcome.previousOffset !== header.position || outcome.previousDigest !== header.digest)
    return undefined;`,
      by: '',
    },
  ],
};
