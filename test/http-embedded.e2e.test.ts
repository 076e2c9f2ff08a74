import { describeHttp } from './http-behaviour.contract.ts';
import { startPlayground } from './playground.ts';

for (const master of ['original', 'shiny'] as const) {
  describeHttp('embedded', master, () => startPlayground({ master, stack: undefined }));
}

// Every answer then goes through koa's layers, and is the same (ready-answers.ts).
describeHttp('embedded, nothing ready', 'shiny', (master) =>
  startPlayground({ master, stack: undefined, env: { READY_JSON_MAX: '0' } }),
);
