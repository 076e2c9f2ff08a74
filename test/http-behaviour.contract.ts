/** What both APIs do over HTTP, whoever is master. Run on the real processes and on the embedded mode. */
import { afterAll, beforeAll, describe } from 'vitest';
import type { Api } from '../shared/domain/thing.ts';
import { describeBadInput } from './http-bad-input.contract.ts';
import { describeMasters } from './http-masters.contract.ts';
import { describeRepeats } from './http-repeats.contract.ts';
import { describeThings } from './http-things.contract.ts';
import { createHttpWorld } from './http-world.ts';
import type { Playground } from './playground.ts';

export const describeHttp = (
  name: string,
  master: Api,
  start: (master: Api) => Promise<Playground>,
): void => {
  describe(`${name}, ${master} is master`, () => {
    let playground: Playground;
    beforeAll(async () => {
      playground = await start(master);
    });
    afterAll(async () => {
      await playground.stop();
    });
    const world = createHttpWorld(() => playground, master);

    describe.each<Api>(['original', 'shiny'])('the %s API', (api) => {
      describeThings(world, api);
      describeBadInput(world, api);
      describeRepeats(world, api);
    });
    describeMasters(world);
  });
};
