import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P3',
  breaks:
    "a decision names its predecessor by its offset, not by its bytes: what was computed from another release's losing decision fits",
  replace: [
    {
      file: 'shared/domain/fold.ts',
      text: 'if (outcome.previousOffset !== header.position || outcome.previousDigest !== header.digest)',
      by: 'if (outcome.previousOffset !== header.position)',
    },
  ],
};
