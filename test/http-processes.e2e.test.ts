import { inject } from 'vitest';
import { describeHttp } from './http-behaviour.contract.ts';
import { startPlayground } from './playground.ts';

for (const master of ['original', 'shiny'] as const) {
  describeHttp('real processes', master, () => startPlayground({ master, stack: inject('stack') }));
}
