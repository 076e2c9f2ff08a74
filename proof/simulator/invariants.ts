/**
 * What must hold once a run is quiet: everything decided, nothing on the way, and log, folds, tables and history of the
 * clients agree (docs/protocol.md, what must hold). The history and the log go to the checker, which knows nothing of our fold.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Certificate } from '../checker/certificate.ts';
import { createChecker } from '../checker/checker.ts';
import type { HistoryLine } from '../checker/history.ts';
import { fold } from '../../shared/domain/fold.ts';
import { emptyState, type PartitionState } from '../../shared/domain/partition-state.ts';
import type { Thing } from '../../shared/domain/thing.ts';
import { topicName, type TopicSuffix } from '../../shared/records/topics.ts';
import type { FoldStore } from '../../shared/replica/fold-store.ts';
import { decodeLog, RUN_TOPICS, type DecodedLog } from './decoded-log.ts';
import { coverageOfLog } from './log-coverage.ts';
import { NAMESPACE, type World } from './world.ts';
import { toShinyThing } from '../../shared/domain/mapping.ts';
import { seenThing } from '../checker/seen-thing.ts';

/** Is there nothing left to do? */
export const isQuiet = (world: World): boolean => {
  const { partitions } = world.genesis;
  const end = (topic: TopicSuffix, partition: number): number =>
    world.end(topicName(NAMESPACE, topic), partition);
  for (let partition = 0; partition < partitions; partition++) {
    const outcomes = end(RUN_TOPICS.outcomes, partition);
    const commands = end(RUN_TOPICS.commands, partition);
    const feed = end(RUN_TOPICS.original, partition);
    for (const slot of [...world.updaters, ...world.shinies]) {
      const node = slot.node();
      if (node === undefined) return false;
      const store = 'deciding' in node ? node.store : node.view.store;
      const { header } = store.state(partition);
      if (store.nextOffset(partition) !== outcomes || header.position !== commands - 1) return false;
      if (header.master === 'original' && header.feedPosition !== feed - 1) return false;
    }
    for (const slot of world.originals) {
      const node = slot.node();
      if (node === undefined || node.notReady() !== undefined || node.mirrored.next(partition) !== outcomes)
        return false;
    }
  }
  return true;
};

/** The violations, by sentence; none is what we want. */
export const judge = async (
  world: World,
  history: readonly HistoryLine[],
): Promise<{ violations: string[]; certificate: Certificate }> => {
  const log = await decodeLog(world);
  const states = Array.from({ length: world.genesis.partitions }, (_, partition) => {
    const state = emptyState(partition);
    for (const { record: outcome, bytes, timestamp, ...at } of log.outcomes)
      if (at.partition === partition) fold(state, { outcome, bytes, timestamp });
    return state;
  });
  coverageOfLog(world.coverage, log, history);
  const table = await world.things.things(0, Number.MAX_SAFE_INTEGER);
  const releases = new Map(world.slots().map((slot) => [slot.name, slot.release()]));
  const violations = [
    ...world.deaths.map((death) => `a process died: ${death}`),
    ...foldViolations(world, states),
    ...(await mastershipViolations(world, states)),
    ...topicViolations(log, states),
    ...(await world.upgrade.violations(states, releases)),
  ];
  const checker = createChecker({ historyIsComplete: true });
  for (const record of [...log.commands, ...log.original, ...log.outcomes]) checker.record(record);
  for (const line of history) checker.operation(line);
  const shiny = states.flatMap(({ things }) => [...(things as Map<number, Thing>).values()]);
  const certificate = checker.finish({
    original: table.map((thing) => seenThing(toShinyThing(thing))),
    shiny: shiny.filter(({ deleted }) => !deleted).map((thing) => seenThing(toShinyThing(thing))),
  });
  for (const { kind, message } of certificate.violations) violations.push(`${kind}: ${message}`);
  if (!certificate.clean && certificate.violations.length === 0)
    violations.push('the certificate is not clean');
  return { violations, certificate };
};

/** Every process that folds has come to the same state as a fold of the whole log. */
const foldViolations = (world: World, states: readonly PartitionState[]): string[] => {
  const stores: [string, FoldStore][] = [
    ...world.updaters.map((slot): [string, FoldStore] => [slot.name, slot.node()!.store]),
    ...world.shinies.map((slot): [string, FoldStore] => [slot.name, slot.node()!.view.store]),
  ];
  return stores.flatMap(([name, store]) =>
    states.flatMap((state, partition) => {
      const its = store.state(partition);
      return (['header', 'things', 'answers', 'lossy', 'switches'] as const)
        .filter((part) => !isDeepStrictEqual(its[part], state[part]))
        .map((part) => `the ${part} of partition ${partition} on ${name} differ from the fold of the log`);
    }),
  );
};

const mastershipViolations = async (world: World, states: readonly PartitionState[]): Promise<string[]> => {
  const violations: string[] = [];
  for (const { header } of states) {
    const row = await world.things.mastership(header.partition);
    if (row.master !== header.master || row.masterSinceEpoch !== header.masterSinceEpoch)
      violations.push(
        `partition ${header.partition}: the row says ${row.master} since ${row.masterSinceEpoch}, the log ${header.master} since ${header.masterSinceEpoch}`,
      );
    if (row.epoch < header.epoch)
      violations.push(
        `partition ${header.partition}: the row is at epoch ${row.epoch}, the log at ${header.epoch}`,
      );
  }
  return violations;
};

/** P15: the last record of each Thing in `<ns>.things` is its latest state. */
const topicViolations = ({ things }: DecodedLog, states: readonly PartitionState[]): string[] => {
  const last = new Map(things.map(({ record }) => [record.id, record]));
  return states.flatMap((state) =>
    [...(state.things as Map<number, Thing>).values()]
      .filter(({ id, version, foo }) => last.get(id)?.version !== version || last.get(id)?.foo !== foo)
      .map(
        ({ id, version }) => `the topic of latest states does not end with version ${version} of Thing ${id}`,
      ),
  );
};
