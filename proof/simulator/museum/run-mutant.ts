/** Runs seeds with the fault that plant.ts has planted, until one of them is not clean; prints what caught it, as JSON. */
import { parseArgs } from 'node:util';
import { runSeed } from '../run-seed.ts';
import { runSetBack, SET_BACK_WRITES } from '../run-set-back.ts';
import { EXHIBIT_WRITES } from './planted-fault.ts';

export interface Caught {
  /** How many seeds it took; null when the budget did not do. */
  readonly seeds: number | null;
  readonly violation: string;
}

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '200' }, world: { type: 'string' } },
});
const run = (seed: number) =>
  values.world === 'set-back'
    ? runSetBack(seed, { writes: SET_BACK_WRITES })
    : runSeed(seed, { writes: EXHIBIT_WRITES });

let caught: Caught = { seeds: null, violation: '' };
for (let seed = 1; seed <= Number(values.seeds) && caught.seeds === null; seed++) {
  const [first] = await run(seed).then(
    ({ violations }) => violations,
    (error: unknown) => [`the run ended with ${String(error)}`],
  );
  if (first !== undefined) caught = { seeds: seed, violation: first };
}
process.stdout.write(`${JSON.stringify(caught)}\n`);
