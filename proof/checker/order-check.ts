/**
 * Linearizability of one Thing, and the plain reads of each node.
 *
 * The problem is hard in general, and easy here: the log gives the order of the versions, and each version has one known
 * writer. What is left to show is that this order agrees with real time. Every operation saw (or made) one version
 * somewhere between its call and its return, so two rules suffice: who begins after another has returned sees no lower
 * version (a write makes a higher one), and nobody returns with a version before its write was called. Sorting both
 * ends and one sweep with the highest version so far find every breach.
 */
import type { ViolationKind } from './certificate.ts';
import { firstAnswered, isEffectOfTry, isReused } from './command-check.ts';
import { sameContent } from './content.ts';
import type { HistoryLine } from './history.ts';
import type { CommandFacts, ThingFacts } from './ledger.ts';
import { writerOf, type Version } from './thing-versions.ts';
import type { Report } from './violations.ts';

export interface OrderCheck {
  readonly thing: ThingFacts;
  readonly versions: readonly Version[];
  readonly command: (partition: number, commandId: string) => CommandFacts | undefined;
  readonly report: Report;
}

/** Rules by kind: what it means when it lies below the highest version that was seen before its call. */
const KINDS = {
  write: 'writesOutOfOrder',
  refusal: 'writesOutOfOrder',
  latest: 'staleReads',
  plain: 'plainReadsGoingBack',
} as const satisfies Record<string, ViolationKind>;

interface Observation {
  readonly kind: keyof typeof KINDS;
  readonly call: number;
  /** Infinity while the answer is open: it precedes nothing. */
  readonly return: number;
  /** Null: there was no such Thing. */
  readonly version: number | null;
  readonly line: HistoryLine;
  isFuture: boolean;
  /** What those who come later must not fall below; undefined when that is not known. */
  floor: number | undefined;
}

interface Context extends OrderCheck {
  readonly byNumber: ReadonlyMap<number, Version>;
  /** When the write of a version was called first; -Infinity for one that is not in the history. */
  readonly calledAt: ReadonlyMap<number, number>;
  readonly deletion: Version | undefined;
}

export const checkOrder = (check: OrderCheck): void => {
  const { thing, versions } = check;
  const calledAt = new Map<number, number>();
  const writes = versions.flatMap((version) => writeOf(check, version, calledAt));
  const context: Context = {
    ...check,
    byNumber: new Map(versions.map((version) => [version.state.version, version])),
    calledAt,
    deletion: versions.findLast(({ state }) => state.deleted),
  };
  const refusals = thing.refusals.flatMap(({ call, line }) => refusalOf(context, call, line));
  const reads = thing.reads.flatMap((line) => readOf(context, line));
  const observations = [...writes, ...refusals, ...reads];
  for (const observation of observations) checkFuture(context, observation);
  sweep(context, observations, ({ kind }) => kind !== 'plain');
  const plain = reads.filter(({ kind }) => kind === 'plain');
  for (const ofNode of Map.groupBy(plain, ({ line }) => line.node).values()) {
    sweep(context, ofNode, () => true);
  }
};

/** From the first call of any try to the return of the one that was answered first. */
const writeOf = (
  { command }: OrderCheck,
  { record, state }: Version,
  calledAt: Map<number, number>,
): Observation[] => {
  const facts = command(record.partition, writerOf(record) ?? '');
  const tries = facts?.tries.filter((line) => !isReused(line) && isEffectOfTry(line, state)) ?? [];
  const [line] = tries;
  if (line === undefined) return [];
  const call = firstCall(tries);
  calledAt.set(state.version, call);
  const answered = firstAnswered(facts!);
  const shown = state.deleted ? state.version - 1 : state.version;
  const isKnown = answered?.thing?.id === state.id && answered.thing.version === shown;
  return [
    {
      kind: 'write',
      call,
      return: isKnown ? answered.return : Infinity,
      version: state.version,
      line: isKnown ? answered : line,
      isFuture: false,
      floor: undefined,
    },
  ];
};

export const firstCall = (tries: readonly HistoryLine[]): number =>
  tries.reduce((first, { call }) => Math.min(first, call), Infinity);

const refusalOf = (context: Context, call: number, line: HistoryLine): Observation[] => {
  const version = line.code === 'conflict' ? (line.currentVersion ?? -1) : null;
  const found = version === null ? undefined : context.byNumber.get(version);
  if (version !== null && (found === undefined || found.state.deleted)) {
    const message = `a refusal named version ${version} of Thing ${line.thingId}, which the log does not have`;
    context.report('unknownVersionsSeen', message, found === undefined ? [line] : [line, found.record]);
    return [];
  }
  return [observationOf(line, 'refusal', version, call)];
};

const readOf = (context: Context, line: HistoryLine): Observation[] => {
  const kind = line.kind === 'read' ? 'plain' : 'latest';
  if (line.outcome === 'conflict' && line.code === 'absent') return [observationOf(line, kind, null)];
  if (line.outcome !== 'accepted') return [];
  const shown = line.thing;
  const version = shown === undefined ? undefined : context.byNumber.get(shown.version);
  if (
    shown === undefined ||
    version === undefined ||
    shown.id !== line.thingId ||
    version.state.deleted ||
    !sameContent(version.state, shown)
  ) {
    const message = `a read showed version ${shown?.version} of Thing ${line.thingId}, which the log does not have so`;
    context.report('unknownVersionsSeen', message, version === undefined ? [line] : [line, version.record]);
    return [];
  }
  return [observationOf(line, kind, shown.version)];
};

const observationOf = (
  line: HistoryLine,
  kind: Observation['kind'],
  version: number | null,
  call = line.call,
): Observation => ({ kind, call, return: line.return, version, line, isFuture: false, floor: undefined });

const checkFuture = (context: Context, observation: Observation): void => {
  const { version, line } = observation;
  if (version === null || observation.kind === 'write') return;
  if (!isFutureAt(context, version, observation.return)) return;
  observation.isFuture = true;
  const message = `version ${version} of Thing ${context.thing.id} was seen before its write was called`;
  const { record } = context.byNumber.get(version)!;
  const tries = context.command(record.partition, writerOf(record) ?? '')?.tries ?? [];
  context.report('futureReads', message, [line, record, ...tries.slice(0, 1)]);
};

const isFutureAt = ({ calledAt }: Context, version: number, time: number): boolean =>
  (calledAt.get(version) ?? -Infinity) > time;

/** Judges those that `isJudged` says in the order of their calls, each against all that returned before. */
const sweep = (
  context: Context,
  observations: readonly Observation[],
  isJudged: (observation: Observation) => boolean,
): void => {
  const byCall = observations.toSorted((a, b) => a.call - b.call);
  const byReturn = observations.toSorted((a, b) => a.return - b.return);
  let returned = 0;
  let highest: Observation | undefined;
  for (const observation of byCall) {
    for (; byReturn[returned]!.return < observation.call; returned += 1) {
      const { floor } = byReturn[returned]!;
      if (floor !== undefined && floor > (highest?.floor ?? -1)) highest = byReturn[returned];
    }
    if (observation.isFuture) continue;
    observation.floor = observation.version ?? undefined;
    if (isJudged(observation)) judge(context, observation, highest);
  }
};

const judge = (context: Context, observation: Observation, highest: Observation | undefined): void => {
  if (highest === undefined) return;
  const { kind, version } = observation;
  const floor = highest.floor!;
  // Absent after it was seen: deleted meanwhile. Absent before: it may not have been created, and nothing follows.
  const { deletion } = context;
  const wasDeleted =
    version === null &&
    deletion !== undefined &&
    !isFutureAt(context, deletion.state.version, observation.return);
  if (wasDeleted) observation.floor = deletion.state.version;
  const seen = wasDeleted ? deletion.state.version : (version ?? -1);
  if (seen > floor || (seen === floor && kind !== 'write')) return;
  const what = version === null ? 'nothing' : `version ${version}`;
  const message = `${what} of Thing ${context.thing.id} after version ${floor} had been ${highest.kind === 'write' ? 'made' : 'seen'}`;
  const record = context.byNumber.get(floor)?.record;
  context.report(KINDS[kind], message, [
    highest.line,
    observation.line,
    ...(record === undefined ? [] : [record]),
  ]);
};
