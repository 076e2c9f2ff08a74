/** One partition's log by itself: every command has one decision, in order; every entry of Original's feed is observed. */
import type { Observed, OriginalEntry } from '../../shared/domain/outcome.ts';
import type { Api } from '../../shared/domain/thing.ts';
import type { SwitchCounts } from './certificate.ts';
import type { UnreadableEvidence } from './evidence.ts';
import { isDecidable } from './decidable.ts';
import type { DecisionRecord, PartitionFacts } from './ledger.ts';
import type { Report } from './violations.ts';

/** Merges commands and decisions by the offset of the command. */
export const checkDecisions = (
  { commands, decisions }: PartitionFacts,
  partitions: number,
  report: Report,
): void => {
  let highest: DecisionRecord | undefined;
  for (const decision of decisions) {
    if (highest !== undefined && decision.record.offset < highest.record.offset) {
      report(
        'decisionsOutOfOrder',
        `command ${decision.record.offset} of partition ${decision.partition} was decided after command ${highest.record.offset}`,
        [highest, decision],
      );
    } else highest = decision;
  }
  const byCommand = decisions.toSorted((a, b) => a.record.offset - b.record.offset);
  let next = 0;
  const noCommand = (decision: DecisionRecord): void =>
    report('decisionsOfNoCommand', `no command lies at offset ${decision.record.offset}`, [decision]);
  for (const command of commands) {
    for (; next < byCommand.length && byCommand[next]!.record.offset < command.offset; next += 1) {
      noCommand(byCommand[next]!);
    }
    const first = next;
    while (byCommand[next]?.record.offset === command.offset) next += 1;
    const place = `command ${command.offset} of partition ${command.partition}`;
    if (next === first) report('undecidedCommands', `${place} has no decision`, [command]);
    if (next > first + 1) {
      const records = byCommand.slice(first, next);
      report('commandsDecidedTwice', `${place} has ${records.length} decisions`, [command, ...records]);
    }
    for (const decision of byCommand.slice(first, next)) {
      const { record } = decision;
      if (record.type === 'invalid') {
        if (!isDecidable(command, partitions)) continue;
        report('decisionsOfNoCommand', `${place} was passed over, and is valid`, [command, decision]);
        continue;
      }
      const id = record.type === 'decided' ? record.answer.commandId : record.commandId;
      const asked = command.record;
      const isSwitch = asked.type === 'switch';
      if (!isDecidable(command, partitions))
        report('decisionsOfNoCommand', `${place} cannot be decided there, and was`, [command, decision]);
      if (asked.type !== 'unreadable' && id === asked.commandId && isSwitch === (record.type !== 'decided'))
        continue;
      report('decisionsOfNoCommand', `${place} was decided as another one`, [command, decision]);
    }
  }
  byCommand.slice(next).forEach(noCommand);
};

export const checkFeed = ({ partition, chain, feed, observed }: PartitionFacts, report: Report): void => {
  const entries = new Map(feed.map((entry) => [entry.offset, entry]));
  const seen = new Set<number>();
  for (const observation of observed) {
    const { record } = observation;
    const entry = entries.get(record.feedOffset);
    seen.add(record.feedOffset);
    if (record.feedOffset <= record.previousFeedOffset) {
      report('brokenFeed', `entry ${record.feedOffset} of partition ${partition} was observed out of order`, [
        observation,
      ]);
    }
    if (entry === undefined) {
      report('brokenFeed', `there is no entry ${record.feedOffset} in partition ${partition}`, [observation]);
    } else if (!isSame(entryPart(entry.record), entryPart(record.number === null ? PASSED_OVER : record))) {
      const message = `entry ${record.feedOffset} of partition ${partition} was observed as something else`;
      report('brokenFeed', message, [entry, observation]);
    }
  }
  let after = 0;
  for (const entry of feed) {
    if (seen.has(entry.offset)) continue;
    const place = `entry ${entry.offset} of partition ${partition}`;
    if (entry.offset < chain.feedPosition) {
      while (observed[after]!.record.feedOffset < entry.offset) after += 1;
      report('brokenFeed', `${place} was left out`, [entry, observed[after]!]);
    } else if (chain.master === 'original') {
      report('brokenFeed', `${place} was never observed`, [entry]);
    }
  }
};

const PASSED_OVER: UnreadableEvidence = { type: 'unreadable' };

/** Of what Original's entry says, the same members in entry and observation; null for one that cannot be read. */
const entryPart = (record: OriginalEntry | Observed | UnreadableEvidence): object | null => {
  if (record.type === 'unreadable') return null;
  const { number, epoch, state, answer, fence } = record;
  return { number, epoch, state, answer, fence };
};

/** By members, whatever their order and prototypes: the records come from two schemas. */
const isSame = (a: unknown, b: unknown): boolean => {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const entries = Object.entries(a);
  const other = b as Readonly<Record<string, unknown>>;
  return (
    entries.length === Object.keys(b).length && entries.every(([key, value]) => isSame(value, other[key]))
  );
};

/** Those that were decided at `since` or later; milliseconds since 1970. */
export const countSwitches = (
  partitions: Iterable<PartitionFacts>,
  since: number,
): Record<Api, SwitchCounts> => {
  const counts = {
    original: { switched: 0, refused: 0, skipped: 0 },
    shiny: { switched: 0, refused: 0, skipped: 0 },
  };
  for (const { commands, decisions } of partitions) {
    const directions = new Map<number, Api>();
    for (const { offset, record } of commands)
      if (record.type === 'switch') directions.set(offset, record.to);
    for (const { record, timestamp } of decisions) {
      if (record.type === 'decided' || record.type === 'invalid' || timestamp < since) continue;
      const to = record.type === 'switched' ? record.master : directions.get(record.offset);
      if (to !== undefined) counts[to][record.type] += 1;
    }
  }
  return counts;
};
