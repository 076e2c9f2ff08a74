import { describeHttp } from './http-behaviour.contract.ts';
import { startPlayground } from './playground.ts';

for (const master of ['original', 'shiny'] as const) {
  describeHttp('embedded', master, () => startPlayground({ master, stack: undefined }));
}
