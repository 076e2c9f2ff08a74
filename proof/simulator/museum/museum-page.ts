/** docs/museum.md. */
import type { Caught } from './run-mutant.ts';
import { SET_BACK_WRITES } from '../run-set-back.ts';
import { EXHIBIT_WRITES, type PlantedFault } from './planted-fault.ts';

export interface Mutant {
  readonly name: string;
  readonly fault: PlantedFault;
  readonly caught: Caught;
}

const introduction = (published: number): string => `# The museum of faults

Each of these faults is planted into the real code when it is loaded (\`proof/simulator/museum/faults\`: a text that is there
once, and what replaces it), and the simulator is run, from seed 1 on, until a run is not clean. Without a fault the same
seeds are clean. Of these faults, ${published} were published by others, and have here the shape that they take in this design. The simulator
runs Original's store in memory (\`original-api/store/memory-thing-store.ts\`), so faults of its transactions are planted there; one contract suite holds it and
Postgres together. \`make museum\` makes this page; \`make simulate FAULT=name SEED=n WRITES=${EXHIBIT_WRITES}\` replays a seed with the fault, and a trace;
a fault of databases that are set back needs WORLD=set-back WRITES=${SET_BACK_WRITES} instead.
`;

/** Sorted by rule, so that the order of the runs does not matter. */
export const museumPage = (mutants: readonly Mutant[]): string => {
  const sorted = mutants.toSorted(
    (a, b) => numberOf(a) - numberOf(b) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
  const rows = sorted.map(({ name, fault, caught }) => {
    const seen = fault.seen === undefined ? '' : ` _${fault.seen}_`;
    const file = `[${name}](../proof/simulator/museum/faults/${name}.ts)`;
    return `| ${fault.rule} | ${file} | ${fault.breaks}.${seen} | ${caught.seeds ?? 'never'} | ${invariantOf(caught)} |`;
  });
  const head = [
    '| rule | fault | what is wrong | seeds until caught | what caught it |',
    '| --- | --- | --- | --- | --- |',
  ];
  const published = mutants.filter(({ fault }) => fault.seen !== undefined).length;
  return `${introduction(published)}\n${[...head, ...rows].join('\n')}\n`;
};

const numberOf = ({ fault }: Mutant): number =>
  Number(/\d+/.exec(fault.rule)?.[0]) + (fault.rule.startsWith('P') ? 0 : 100);

/** Without the names and numbers of the run. */
const invariantOf = ({ violation }: Caught): string =>
  violation
    .replace(/^(\w+): .*/s, '$1')
    .replace(/^partition \d+ (cannot be switched any more).*/s, '$1')
    .replace(/^partition \d+: (the row).*/s, '$1 and the log disagree')
    .replace(/^the (\w+) of partition \d+ on .*/s, 'the $1 of a process differ from the fold of the log')
    .replace(/^the topic of latest states .*/s, 'the topic of latest states')
    .replace(/^not quiet .*/s, 'not everything is decided when all is quiet')
    .replace(/^clients got no answer .*/s, 'clients get no answers any more')
    .replace(/^an updater of an older release decided.*/s, 'an updater of an older release decides')
    .replace(/^\S+ does not know .*/s, 'a process of an older release goes on')
    .replace(/^a process died.*/s, 'a process died');
