/** Builds outcome records as an updater would write them, for tests of whoever reads them. */
import { accepted, refused, type Decision } from '../shared/domain/answer.ts';
import { thingCommand, type ThingCommand } from '../shared/domain/command.ts';
import { fold, linkAfter, type Counted } from '../shared/domain/fold.ts';
import { emptyState, type PartitionState } from '../shared/domain/partition-state.ts';
import type { Genesis, Outcome, OutcomeRecord } from '../shared/domain/outcome.ts';
import { createThing, type Api, type Thing } from '../shared/domain/thing.ts';

export const NOW = Date.UTC(2026, 0, 1);
export const PARTITIONS = 4;

/** A record as it would stand on the wire; JSON does as well as Avro here. */
export const record = (outcome: Outcome, timestamp = NOW): OutcomeRecord => ({
  outcome,
  bytes: Buffer.from(JSON.stringify(outcome)),
  timestamp,
});

export const genesis = (master: Api): Genesis => ({
  type: 'genesis',
  id: 'g',
  format: 2,
  partitions: PARTITIONS,
  master,
});

export const stateAfterGenesis = (master: Api, partition = 1): PartitionState => {
  const state = emptyState(partition);
  fold(state, record(genesis(master)));
  return state;
};

export const create = (commandId: string, name = 'a', foo = 1): ThingCommand =>
  thingCommand({ type: 'create', name, foo }, commandId, NOW);

export const update = (
  commandId: string,
  thingId: number,
  version: number,
  name = 'b',
  foo = 2,
): ThingCommand =>
  thingCommand(
    { type: 'update', thingId, version, name, foo, createdOn: null, updatedOn: null },
    commandId,
    NOW,
  );

export const remove = (commandId: string, thingId: number, version: number): ThingCommand =>
  thingCommand({ type: 'delete', thingId, version }, commandId, NOW);

export const thing = (id: number, version = 0, change: Partial<Thing> = {}): Thing => ({
  ...createThing(id, { name: `v${version}`, foo: version }, NOW),
  version,
  ...change,
});

/** The decision of the next command, behind `state`. */
export const decidedAfter = (
  { header }: PartitionState,
  decision: Decision,
  { offset = header.position + 1, epoch = header.epoch }: { offset?: number; epoch?: number } = {},
): OutcomeRecord =>
  record({
    type: 'decided',
    feature: null,
    ...linkAfter(header),
    epoch,
    offset,
    answer: decision.answer,
    state: decision.state,
  });

export const observedAfter = (
  { header }: PartitionState,
  content: { state?: Thing; decision?: Decision; fence?: { epoch: number; idFloor: number } },
  {
    feedOffset = header.feedPosition + 1,
    previousFeedOffset = header.feedPosition,
    number = header.entryNumber + 1,
  }: { feedOffset?: number; previousFeedOffset?: number; number?: number | null } = {},
): OutcomeRecord =>
  record({
    type: 'observed',
    feedOffset,
    previousFeedOffset,
    number,
    epoch: header.epoch,
    state: content.state ?? content.decision?.state ?? null,
    answer: content.decision?.answer ?? null,
    fence: content.fence ?? null,
  });

export const acceptedCreate = (commandId: string, id: number): Decision =>
  accepted(create(commandId), thing(id));
export const refusedUpdate = (commandId: string, id: number): Decision =>
  refused(update(commandId, id, 7), { code: 'conflict', currentVersion: 0 });

/** Folds a record and insists that it counts. */
export const mustCount = (state: PartitionState, next: OutcomeRecord): Counted => {
  const counted = fold(state, next);
  if (counted === undefined) throw new Error(`does not count: ${JSON.stringify(next.outcome)}`);
  return counted;
};
