import type { PlantedFault } from '../planted-fault.ts';

export const fault: PlantedFault = {
  rule: 'P16',
  breaks: 'a database that was set back goes on as if nothing was, as long as nobody writes to it',
  seen: 'bitcrowd/carbonite#45: a restored database behind a consumer that remembers',
  world: 'set-back',
  replace: [
    {
      file: 'original-api/store-watch.ts',
      text: 'judge(partition, setBackFault(headers[partition]!, facts) ?? lost);',
      by: 'judge(partition, lost);',
    },
  ],
};
