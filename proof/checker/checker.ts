/**
 * The second opinion: judges what clients did and saw together with the log and both stores. It shares no code with the
 * system that it judges, and needs n log n time: the log gives the order, so nothing is searched.
 */
import type { Certificate } from './certificate.ts';
import { checkCommand, firstAnswered, isReused } from './command-check.ts';
import type { EvidenceRecord, StoreEvidence } from './evidence.ts';
import type { HistoryLine } from './history.ts';
import { createLedger, partitionCount, type CommandFacts, type Ledger } from './ledger.ts';
import { checkDecisions, checkFeed, countSwitches } from './log-check.ts';
import { checkOrder, firstCall } from './order-check.ts';
import { checkStores } from './stores-check.ts';
import { checkVersions, versionsOf } from './thing-versions.ts';
import { collectViolations, type Report } from './violations.ts';

export interface CheckerSettings {
  /** Nobody else wrote: then a direct write to Original that is not in the history is a ghost. */
  readonly historyIsComplete: boolean;
  /** When the history began, milliseconds since 1970: switches before it are not counted. The whole log, if not given. */
  readonly historyBeganOn?: number;
}

export interface Checker {
  /** Those of one topic and partition in the order of their offsets, else in any order. */
  record(record: EvidenceRecord): void;
  /** In any order. */
  operation(line: HistoryLine): void;
  /** Once, when all is quiet and everything is handed over. */
  finish(stores: StoreEvidence): Certificate;
}

export const createChecker = ({ historyIsComplete, historyBeganOn = 0 }: CheckerSettings): Checker => {
  const violations = collectViolations();
  const { report } = violations;
  const ledger = createLedger(report);
  const history: HistoryLine[] = [];
  const nextOffsets = new Map<string, number>();

  return {
    record: (record) => {
      const place = `${record.topic} ${record.partition}`;
      if (record.offset < (nextOffsets.get(place) ?? 0)) {
        throw new RangeError(`${place}@${record.offset} was handed over out of order`);
      }
      nextOffsets.set(place, record.offset + 1);
      ledger.record(record);
    },
    operation: (line) => {
      if (isRead(line) ? line.thingId === undefined : line.commandId === undefined) {
        throw new TypeError(`a ${line.kind} that names neither Thing nor command cannot be judged`);
      }
      history.push(line);
    },
    finish: (stores) => {
      for (const line of history) ledger.tried(line);
      checkCommands(ledger, historyIsComplete, report);
      const versions = checkThings(ledger, report);
      for (const facts of ledger.partitions.values()) {
        checkDecisions(facts, partitionCount(ledger.partitions), report);
        checkFeed(facts, report);
      }
      checkStores(ledger, stores, report);
      const { counts, kept } = violations;
      return {
        clean: Object.values(counts).every((count) => count === 0),
        operations: countOperations(ledger, history),
        tries: history.length,
        versions,
        partitions: partitionCount(ledger.partitions),
        switches: countSwitches(ledger.partitions.values(), historyBeganOn),
        counts,
        storesEqual: counts.unequalThings === 0,
        violations: kept,
      };
    },
  };
};

const isRead = ({ kind }: HistoryLine): boolean => kind === 'read' || kind === 'read-latest';

const checkCommands = (ledger: Ledger, historyIsComplete: boolean, report: Report): void => {
  for (const { byCommandId } of ledger.partitions.values()) {
    for (const [commandId, facts] of byCommandId) {
      checkCommand({ commandId, facts, historyIsComplete, report });
      keepRefusal(ledger, facts);
    }
  }
};

/** A refusal shows the state of the Thing. One that contradicts the log is left out: it is reported already. */
const keepRefusal = (ledger: Ledger, facts: CommandFacts): void => {
  const line = firstAnswered(facts);
  if (line?.outcome !== 'conflict' || line.thingId === undefined) return;
  if (line.code !== 'conflict' && line.code !== 'absent') return;
  const answer = facts.answers.find(({ record }) => record.answer!.code !== 'reused')?.record.answer;
  if (answer?.code !== line.code || answer.currentVersion !== (line.currentVersion ?? null)) return;
  const call = firstCall(facts.tries.filter((line) => !isReused(line)));
  ledger.thing(line.thingId).refusals.push({ call, line });
};

/** Returns how many versions there are. */
const checkThings = (ledger: Ledger, report: Report): number => {
  const partitions = partitionCount(ledger.partitions);
  const command = (partition: number, commandId: string): CommandFacts | undefined =>
    ledger.partitions.get(partition)?.byCommandId.get(commandId);
  let count = 0;
  for (const thing of ledger.things.values()) {
    const versions = versionsOf(thing, report);
    checkVersions(versions, partitions, report);
    checkOrder({ thing, versions, command, report });
    count += versions.length;
  }
  return count;
};

const countOperations = ({ partitions }: Ledger, history: readonly HistoryLine[]): number => {
  let count = history.filter(isRead).length;
  for (const { byCommandId } of partitions.values()) {
    for (const { tries } of byCommandId.values()) if (tries.length > 0) count += 1;
  }
  return count;
};
