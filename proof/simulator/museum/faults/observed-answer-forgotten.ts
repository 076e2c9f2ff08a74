import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P2',
  breaks: 'the answer to a direct write does not come to Shiny: after the switch its retry is decided anew',
  replace: [
    {
      file: 'shared/domain/fold.ts',
      text: `answer:
      observed.answer === null ? null : stored(header, { ...observed, answer: observed.answer }, record),`,
      by: 'answer: null,',
    },
  ],
};
