/**
 * `make museum`: plants each fault in turn, and lets the simulator find it. Writes the table of docs/museum.md, or with
 * --check says whether it is up to date. Exit status 1 when a fault is not caught within its budget.
 */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { format, resolveConfig } from 'prettier';
import type { Caught } from './run-mutant.ts';
import { museumPage, type Mutant } from './museum-page.ts';
import type { PlantedFault } from './planted-fault.ts';
import { print } from '../../../shared/process/print.ts';

const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    seeds: { type: 'string', default: '200' },
    only: { type: 'string' },
  },
});

const PAGE = fileURLToPath(new URL('../../../docs/museum.md', import.meta.url));
const MUTANT_MAX_MS = 900_000;
const AT_ONCE = Math.min(4, availableParallelism());
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

const catchIt = async (name: string, world: PlantedFault['world']): Promise<Caught> => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      '--import',
      here('./plant.ts'),
      here('./run-mutant.ts'),
      '--seeds',
      values.seeds,
      ...(world === undefined ? [] : ['--world', world]),
    ],
    { env: { ...process.env, PLANTED_FAULT: name, NODE_NO_WARNINGS: '1' }, timeout: MUTANT_MAX_MS },
  );
  return JSON.parse(stdout) as Caught;
};

const mutants: Mutant[] = [];
const runMutants = async (names: string[]): Promise<void> => {
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    const { fault } = (await import(`./faults/${name}.ts`)) as { fault: PlantedFault };
    const began = performance.now();
    const caught = await catchIt(name, fault.world);
    mutants.push({ name, fault, caught });
    const how = caught.seeds === null ? 'NOT CAUGHT' : `caught by seed ${caught.seeds}: ${caught.violation}`;
    print(`${((performance.now() - began) / 1_000).toFixed(1).padStart(5)} s  ${name}  ${how}`.slice(0, 200));
  }
};

const names = readdirSync(here('./faults'))
  .map((file) => file.replace(/\.ts$/, ''))
  .filter((name) => values.only === undefined || name.includes(values.only));
const queue = [...names];
await Promise.all(Array.from({ length: AT_ONCE }, () => runMutants(queue)));
const loose = mutants.filter(({ caught }) => caught.seeds === null);
print(`${mutants.length - loose.length} of ${mutants.length} caught`);

let isRight = loose.length === 0;
if (values.only === undefined) {
  const page = await format(museumPage(mutants), { ...(await resolveConfig(PAGE)), filepath: PAGE });
  if (values.check) {
    const isCurrent = readFileSync(PAGE, 'utf8') === page;
    if (!isCurrent) print('docs/museum.md is not up to date: run `make museum`');
    isRight &&= isCurrent;
  } else writeFileSync(PAGE, page);
}
process.exitCode = isRight ? 0 : 1;
