/**
 * The evidence in the order in which the checks ask for it: per partition, per command id and per Thing. Records that do
 * not count are left out here, and no check sees them.
 */
import type { Command } from '../../shared/domain/command.ts';
import type {
  Decided,
  Invalid,
  Skipped,
  Observed,
  OriginalEntry,
  Outcome,
  Refused,
  Switched,
} from '../../shared/domain/outcome.ts';
import type { Thing } from '../../shared/domain/thing.ts';
import type { LogRecord } from './certificate.ts';
import { follow, newChain, type Chain } from './chain.ts';
import { fooInOriginal } from './content.ts';
import { createPartition } from './create-partition.ts';
import type { EvidenceRecord, UnreadableEvidence } from './evidence.ts';
import type { HistoryLine } from './history.ts';
import type { Report } from './violations.ts';

/** A counted record with an answer, a state or both. */
export type AnswerRecord = LogRecord<Decided | Observed>;
export type DecisionRecord = LogRecord<Decided | Skipped | Invalid | Refused | Switched>;

/** All that is known about one command id in one partition (ids are unique only there). */
export interface CommandFacts {
  /** In the command log. */
  readonly commands: LogRecord<Command>[];
  /** What counted, in the order of the log. */
  readonly answers: AnswerRecord[];
  /** What clients did and saw. */
  readonly tries: HistoryLine[];
}

export interface ThingFacts {
  readonly id: number;
  /** Counted records with a state of it, in the order of the log. */
  readonly states: AnswerRecord[];
  readonly reads: HistoryLine[];
  /** Writes that the Thing's state was the reason to refuse, by the try that was answered first. */
  readonly refusals: { readonly call: number; readonly line: HistoryLine }[];
}

export interface PartitionFacts {
  readonly partition: number;
  readonly chain: Chain;
  readonly commands: LogRecord<Command | UnreadableEvidence>[];
  readonly decisions: DecisionRecord[];
  readonly observed: LogRecord<Observed>[];
  readonly feed: LogRecord<OriginalEntry | UnreadableEvidence>[];
  readonly byCommandId: Map<string, CommandFacts>;
  /** The newest state of each Thing, mapped as the switches to Original demand. */
  readonly last: Map<number, Thing>;
  /** Things whose `foo` Original cannot hold as it is. */
  readonly lossy: Set<number>;
  lastSwitch: LogRecord<Switched> | null;
}

export interface Ledger {
  readonly partitions: Map<number, PartitionFacts>;
  readonly things: Map<number, ThingFacts>;
  readonly partition: (partition: number) => PartitionFacts;
  readonly thing: (id: number) => ThingFacts;
  readonly command: (partition: number, commandId: string) => CommandFacts;
  readonly record: (record: EvidenceRecord) => void;
  /** Once all records are in. */
  readonly tried: (line: HistoryLine) => void;
}

export const createLedger = (report: Report): Ledger => {
  const partitions = new Map<number, PartitionFacts>();
  const things = new Map<number, ThingFacts>();
  const partition = (number: number): PartitionFacts => getOrMake(partitions, number, newPartition);
  const thing = (id: number): ThingFacts => getOrMake(things, id, newThing);
  const command = (number: number, commandId: string): CommandFacts =>
    getOrMake(partition(number).byCommandId, commandId, newCommand);

  const takeOutcome = (facts: PartitionFacts, counted: LogRecord<Outcome>): void => {
    const { record } = counted;
    // What the type says of the record holds for its place as well; copying a million of them would cost.
    if (record.type === 'decided' || record.type === 'observed') {
      if (record.answer !== null) takeAnswer(facts, counted as AnswerRecord, command, report);
      if (record.state !== null) thing(record.state.id).states.push(counted as AnswerRecord);
    }
    if (record.type === 'observed') facts.observed.push(counted as LogRecord<Observed>);
    else if (record.type !== 'genesis' && record.type !== 'released')
      facts.decisions.push(counted as DecisionRecord);
    keepLast(facts, record);
    if (record.type === 'switched') facts.lastSwitch = counted as LogRecord<Switched>;
  };

  /** An entry that came before, or an invalid one, brings nothing; what it says must be what was said before. */
  const takeRepeat = (facts: PartitionFacts, repeat: LogRecord<Observed>): void => {
    facts.observed.push(repeat);
    const { answer, number } = repeat.record;
    if (number === null || answer === null) return;
    const { answers } = command(facts.partition, answer.commandId);
    if (answers.length > 0) answers.push(repeat);
    else
      report(
        'brokenFeed',
        `entry number ${number} of partition ${facts.partition} was given to two entries`,
        [repeat],
      );
  };

  return {
    partitions,
    things,
    partition,
    thing,
    command,
    record: ({ bytes, ...kept }) => {
      const facts = partition(kept.partition);
      if (kept.topic === 'commands') {
        const asked = kept as LogRecord<Command | UnreadableEvidence>;
        facts.commands.push(asked);
        if (asked.record.type !== 'unreadable')
          command(kept.partition, asked.record.commandId).commands.push(asked as LogRecord<Command>);
      } else if (kept.topic === 'original') {
        facts.feed.push(kept as LogRecord<OriginalEntry | UnreadableEvidence>);
      } else {
        const outcome = kept as LogRecord<Outcome>;
        const { entryNumber } = facts.chain;
        if (!follow(facts.chain, outcome.record, bytes)) return;
        const isRepeat = outcome.record.type === 'observed' && facts.chain.entryNumber === entryNumber;
        if (isRepeat) takeRepeat(facts, outcome as LogRecord<Observed>);
        else takeOutcome(facts, outcome);
      }
    },
    tried: (line) => {
      const place = placeOf(line, partitionCount(partitions));
      if (line.kind === 'read' || line.kind === 'read-latest') thing(place.thingId).reads.push(line);
      else command(place.partition, place.commandId).tries.push(line);
    },
  };
};

/** As the namespace's log says. */
export const partitionCount = (partitions: ReadonlyMap<number, PartitionFacts>): number => {
  for (const { chain } of partitions.values()) if (chain.genesis !== null) return chain.genesis.partitions;
  return 1;
};

const takeAnswer = (
  facts: PartitionFacts,
  answered: AnswerRecord,
  command: Ledger['command'],
  report: Report,
): void => {
  const { record } = answered;
  const { answers } = command(facts.partition, record.answer!.commandId);
  // An entry that the relay sent again may have an older epoch; a new one must be of the present master's time.
  if (record.type === 'observed' && answers.length === 0 && record.epoch < facts.chain.masterSinceEpoch) {
    report(
      'partitionEpochsGoingBack',
      `partition ${facts.partition}: a write of epoch ${record.epoch} came after the change of master in epoch ${facts.chain.masterSinceEpoch}`,
      facts.lastSwitch === null ? [answered] : [facts.lastSwitch, answered],
    );
  }
  answers.push(answered);
};

/** Newer wins; at a switch to Original every lossy Thing becomes what Original holds, without a new version. */
const keepLast = ({ last, lossy }: PartitionFacts, outcome: Outcome): void => {
  if (outcome.type === 'switched' && outcome.master === 'original') {
    for (const id of lossy) {
      const thing = last.get(id)!;
      last.set(id, { ...thing, foo: fooInOriginal(thing.foo) });
    }
    lossy.clear();
  }
  if ((outcome.type !== 'decided' && outcome.type !== 'observed') || outcome.state === null) return;
  const { state } = outcome;
  const known = last.get(state.id);
  if (known !== undefined && known.version >= state.version) return;
  last.set(state.id, state);
  if (fooInOriginal(state.foo) === state.foo) lossy.delete(state.id);
  else lossy.add(state.id);
};

const placeOf = (
  line: HistoryLine,
  partitions: number,
): { partition: number; thingId: number; commandId: string } => {
  const { kind, thingId = 0, commandId = '' } = line;
  return {
    partition: kind === 'create' ? createPartition(commandId, partitions) : thingId % partitions,
    thingId,
    commandId,
  };
};

const newPartition = (partition: number): PartitionFacts => ({
  partition,
  chain: newChain(),
  commands: [],
  decisions: [],
  observed: [],
  feed: [],
  byCommandId: new Map(),
  last: new Map(),
  lossy: new Set(),
  lastSwitch: null,
});

const newThing = (id: number): ThingFacts => ({ id, states: [], reads: [], refusals: [] });

const newCommand = (): CommandFacts => ({ commands: [], answers: [], tries: [] });

const getOrMake = <K, V>(map: Map<K, V>, key: K, make: (key: K) => V): V => {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make(key);
  map.set(key, made);
  return made;
};
