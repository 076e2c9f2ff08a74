/**
 * Plans how to make a partition of Original's database equal to the log again, after one of them was set back or lost data (P16).
 * Pure: takes the folded log and the content of the database, returns the changes to make.
 *
 * The log is the truth. A decision that only the database has is published again if it continues the log. If the log has
 * gone on with another decision, the database's decision is dropped and listed by its id: both cannot be kept.
 */
import { sameAddedFields } from '../../shared/domain/added-fields.ts';
import type { Decision } from '../../shared/domain/answer.ts';
import { isLossy, mappedToOriginal } from '../../shared/domain/mapping.ts';
import type { PartitionState } from '../../shared/domain/partition-state.ts';
import type { Thing } from '../../shared/domain/thing.ts';
import type { Mastership } from './thing-store.ts';

/** What the database has of the partition. */
export interface StoreContent {
  readonly row: Mastership;
  /** Deleted ones too. */
  readonly things: readonly Thing[];
  readonly answers: readonly Decision[];
  /** The highest id that its sequence has given. */
  readonly lastId: number;
}

export interface RepairPlan {
  readonly partition: number;
  /** The row of mastership as it must be; undefined: as it is. */
  readonly row: Pick<Mastership, 'master' | 'epoch' | 'masterSinceEpoch'> | undefined;
  /** From the log into the table, as Original holds them. */
  readonly writeThings: readonly (Thing & { readonly lossy: boolean })[];
  /** In the table, and in no log. */
  readonly dropThings: readonly number[];
  readonly writeAnswers: readonly Decision[];
  /** Command ids: the database has acknowledged these, and the log has gone on otherwise. They are lost. */
  readonly dropAnswers: readonly string[];
  /** Command ids, in the order of their versions: the database has these alone, and they go into the outbox again. */
  readonly publishAgain: readonly string[];
  /** The epoch of a fence that is not in the log, to be published again. */
  readonly fenceAgain: number | undefined;
  readonly entryNumber: number;
  readonly idFloor: number;
}

/** `answersOfLog`: all that the fold knows. */
export const repairPlan = (
  state: PartitionState,
  answersOfLog: Iterable<Decision>,
  thingsOfLog: Iterable<Thing>,
  store: StoreContent,
): RepairPlan => {
  const { header } = state;
  const isAhead = store.row.epoch > header.epoch;
  const isFenced =
    isAhead && store.row.master === 'shiny' && header.master === 'original' && header.fence === null;
  const row = isAhead ? undefined : rowOfLog(state, store.row);
  const alone = store.answers.filter(({ answer }) => state.answers.get(answer.commandId) === undefined);
  // While Shiny is master, no updater observes these entries, and Shiny gives their versions to other writes.
  const mayPublish = isFenced || (row ?? store.row).master === 'original';
  const { publishable, lost } = mayPublish ? sortOut(state, alone) : { publishable: [], lost: alone };
  const goesOn = new Set(publishable.flatMap(({ state: made }) => (made === null ? [] : [made.id])));
  const stored = new Map(store.things.map((thing) => [thing.id, thing]));
  const inLog = new Set<number>();
  const writeThings: (Thing & { lossy: boolean })[] = [];
  for (const thing of thingsOfLog) {
    inLog.add(thing.id);
    const wanted = mappedToOriginal(thing);
    if (!goesOn.has(thing.id) && !isSame(stored.get(thing.id), wanted))
      writeThings.push({ ...wanted, lossy: isLossy(thing) });
  }
  const known = new Map(store.answers.map(({ answer }) => [answer.commandId, answer]));
  const writeAnswers = [...answersOfLog].filter(({ answer }) => {
    const has = known.get(answer.commandId);
    return has?.payloadHash !== answer.payloadHash || has.code !== answer.code;
  });
  return {
    partition: header.partition,
    row,
    writeThings,
    dropThings: store.things.flatMap(({ id }) => (inLog.has(id) || goesOn.has(id) ? [] : [id])),
    writeAnswers,
    dropAnswers: lost.map(({ answer }) => answer.commandId),
    publishAgain: publishable.map(({ answer }) => answer.commandId),
    fenceAgain: isFenced ? store.row.epoch : undefined,
    entryNumber: header.entryNumber,
    idFloor: Math.max(header.idFloor, store.lastId),
  };
};

/** Splits decisions, Thing by Thing, into those that continue the log and the others. A refusal always continues it. */
const sortOut = (
  state: PartitionState,
  alone: readonly Decision[],
): { publishable: readonly Decision[]; lost: readonly Decision[] } => {
  const publishable: Decision[] = [];
  const lost: Decision[] = [];
  const byThing = new Map<number, Decision[]>();
  for (const decision of alone) {
    if (decision.state === null) publishable.push(decision);
    else byThing.set(decision.state.id, [...(byThing.get(decision.state.id) ?? []), decision]);
  }
  for (const [id, decisions] of byThing) {
    const next = (state.things.get(id)?.version ?? -1) + 1;
    const inOrder = decisions.toSorted((a, b) => a.state!.version - b.state!.version);
    const goesOn = inOrder.every(({ state: made }, index) => made!.version === next + index);
    (goesOn ? publishable : lost).push(...inOrder);
  }
  return { publishable, lost };
};

/** The row that the log requires: already moved after an observed fence or a release. Undefined: the row is right. */
const rowOfLog = (
  { header }: PartitionState,
  row: Mastership,
): Pick<Mastership, 'master' | 'epoch' | 'masterSinceEpoch'> | undefined => {
  const wanted =
    header.fence !== null
      ? ({ master: 'shiny', epoch: header.fence.epoch, masterSinceEpoch: header.fence.epoch } as const)
      : header.released !== null
        ? ({ master: 'original', epoch: header.released, masterSinceEpoch: header.released } as const)
        : { master: header.master, epoch: header.epoch, masterSinceEpoch: header.masterSinceEpoch };
  const isSo =
    row.master === wanted.master &&
    row.epoch === wanted.epoch &&
    row.masterSinceEpoch === wanted.masterSinceEpoch;
  return isSo ? undefined : wanted;
};

const isSame = (stored: Thing | undefined, wanted: Thing): boolean =>
  stored !== undefined &&
  stored.name === wanted.name &&
  stored.foo === wanted.foo &&
  stored.version === wanted.version &&
  stored.deleted === wanted.deleted &&
  stored.createdOn === wanted.createdOn &&
  stored.updatedOn === wanted.updatedOn &&
  sameAddedFields(stored, wanted);
