import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P5',
  breaks: 'the fence of an earlier switch opens the gate of a later one',
  replace: [
    {
      file: 'shared/domain/fold.ts',
      text: 'observed.fence?.epoch === header.epoch + 1 ? observed.fence : header.fence',
      by: 'observed.fence ?? header.fence',
    },
    {
      file: 'shared/domain/fold.ts',
      text: `(master === 'shiny' ? header.fence?.epoch === epoch :`,
      by: `(master === 'shiny' ? header.fence !== null :`,
    },
    {
      file: 'shared/domain/fold.ts',
      text: `            released: null,
            fence: null,
`,
      by: `            released: null,
`,
    },
    {
      file: 'shared/domain/fold.ts',
      text: `  released: null,
  fence: null,
});

const chained`,
      by: `  released: null,
});

const chained`,
    },
  ],
};
